// The Reader's numbers, durations and secrets.
#include <cmath>

#include "config/expand.h"
#include "config/reader.h"
#include "config/scalar.h"
#include "model/duration.h"

namespace deadcalm::config {
namespace {

std::string shown(std::int64_t value) {
  return std::to_string(value);
}
std::string shown(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

bool Reader::within(const Node& node, model::Millis value, model::Millis least, model::Millis most) {
  if (value >= least && value <= most) return true;
  context_.faults().add(node, value < least ? "must be at least " + model::to_text(least)
                                            : "must be at most " + model::to_text(most));
  return false;
}

template <class Number>
bool Reader::number_within(const Node& node, Number value, Number least, Number most) {
  if (value >= least && value <= most) return true;
  context_.faults().add(
      node, value < least ? "must be at least " + shown(least) : "must be at most " + shown(most));
  return false;
}

model::Millis Reader::duration(std::string_view key, model::Millis fallback, model::Millis least,
                               model::Millis most) {
  return optional_duration(key, least, most).value_or(fallback);
}

std::optional<model::Millis> Reader::optional_duration(std::string_view key, model::Millis least,
                                                       model::Millis most) {
  const Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto duration = read_duration(*value, context_);
  if (!duration || !within(*value, *duration, least, most)) return std::nullopt;
  return duration;
}

std::vector<model::Millis> Reader::durations(std::string_view key, model::Millis least, model::Millis most) {
  std::vector<model::Millis> found;
  for (const Node& item : list_or_one(key)) {
    const auto duration = read_duration(item, context_);
    if (duration && within(item, *duration, least, most)) found.push_back(*duration);
  }
  return found;
}

std::int64_t Reader::integer(std::string_view key, std::int64_t fallback, std::int64_t least,
                             std::int64_t most) {
  return optional_integer(key, least, most).value_or(fallback);
}

std::optional<std::int64_t> Reader::optional_integer(std::string_view key, std::int64_t least,
                                                     std::int64_t most) {
  const Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto number = read_integer(*value, context_);
  if (!number || !number_within(*value, *number, least, most)) return std::nullopt;
  return number;
}

double Reader::number(std::string_view key, double fallback, double least, double most) {
  const Node* value = take(key);
  if (value == nullptr) return fallback;
  const auto found = read_number(*value, context_);
  return found && number_within(*value, *found, least, most) ? *found : fallback;
}

bool Reader::boolean(std::string_view key, bool fallback) {
  const Node* value = take(key);
  if (value == nullptr) return fallback;
  return read_boolean(*value, context_).value_or(fallback);
}

model::Secret Reader::secret(std::string_view key) {
  const std::string file_key = std::string(key) + "_file";
  if (!has(key) && !has(file_key) && !muted_) {
    context_.faults().add(*node_, '"' + std::string(key) + "\" is missing",
                          "give \"" + file_key + "\", or \"${NAME}\" from the environment");
  }
  return optional_secret(key).value_or(model::Secret());
}

std::optional<model::Secret> Reader::optional_secret(std::string_view key) {
  auto source = secret_source(key);
  if (!source) return std::nullopt;
  return std::move(source->value);
}

std::optional<SecretSource> Reader::secret_source(std::string_view key) {
  const std::string file_key = std::string(key) + "_file";
  const Node* inline_value = take(key);
  const Node* file_value = take(file_key);
  if (inline_value != nullptr && file_value != nullptr) {
    fault(file_key, "cannot stand beside \"" + std::string(key) + '"', "remove one of them");
  }
  SecretSource source;
  source.base_dir = context_.base_dir();
  const Node* value = inline_value != nullptr ? inline_value : file_value;
  if (value == nullptr) return std::nullopt;
  auto text = read_text(*value, context_);
  if (!text) return std::nullopt;
  if (value == inline_value) {
    source.text = value->text;
    source.value = model::Secret{*std::move(text)};
    if (!has_reference(value->text)) {
      context_.faults().warn(*value, "this secret is written into the file",
                             "use \"" + file_key + "\", or \"${NAME}\" from the environment");
    }
  } else {
    source.file = resolve(*text, context_.base_dir());
    auto content = source.read_again(context_.environment());
    if (!content) {
      context_.faults().add(*value, content.error().message);
      return std::nullopt;
    }
    source.value = *std::move(content);
  }
  if (source.value.empty()) {
    context_.faults().add(*value, "this secret is empty");
    return std::nullopt;
  }
  context_.remember(source.value.reveal());
  return source;
}

}  // namespace deadcalm::config
