#include "config/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "model/duration.h"

namespace deadcalm::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// 1 and 0 for the words that YAML 1.1 reads as truth values and YAML 1.2 as text; -1 for others.
int yaml11_truth(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "yes" || lower == "on") return 1;
  if (lower == "no" || lower == "off") return 0;
  return -1;
}

// "1:30" is 90 in YAML 1.1.
bool is_sexagesimal(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return false;
  int digits = 1, fields = 1;
  for (const char c : text.substr(1)) {
    if (c == ':') {
      if (digits == 0) return false;
      digits = 0;
      ++fields;
    } else if (!is_digit(c) || (fields > 1 && ++digits > 2)) {
      return false;
    }
  }
  return fields > 1 && digits > 0;
}

bool has_leading_zero(std::string_view text) {
  return text.size() > 1 && text[0] == '0' && std::ranges::all_of(text, is_digit);
}

std::string found(std::string_view text) {
  constexpr std::size_t kShown = 40;
  if (text.size() <= kShown) return ", found \"" + std::string(text) + '"';
  return ", found \"" + std::string(text.substr(0, kShown)) + "...\"";
}

void refuse(const Node& node, Context& context, std::string_view wanted, std::string_view text,
            std::string_view hint) {
  context.faults().add(node, std::string(wanted) + found(text), hint);
}

// Is it a scalar at all? `wanted` says what should stand here.
bool is_value(const Node& node, Context& context, std::string_view wanted) {
  if (node.is_scalar()) return true;
  if (node.kind == Kind::null) {
    context.faults().add(node, "has no value", "give it one, or remove the key");
  } else {
    context.faults().add(node, std::string(wanted) + ", found " + std::string(describe(node.kind)));
  }
  return false;
}

std::optional<Template> expanded(const Node& node, const RunTimeNames& allowed, Context& context) {
  Expanded result = expand(node.text, allowed, context.environment(), context.base_dir());
  for (const std::string& value : result.fetched) context.remember(value);
  if (result.problems.empty()) return std::move(result.text);
  // A cross check may already have said why a name is wrong here, better than we can.
  if (!context.faults().fault_at(node.mark, node.path.text())) {
    for (Problem& problem : result.problems)
      context.faults().add(node, std::move(problem.message), problem.hint);
  }
  return std::nullopt;
}

// A number or a truth value: quotes do not matter, since "${PORT}" needs them in a flow map.
std::optional<std::string> bare_word(const Node& node, Context& context, std::string_view wanted) {
  if (!is_value(node, context, wanted)) return std::nullopt;
  const auto text = expanded(node, no_names(), context);
  if (!text) return std::nullopt;
  return text->literal();
}

std::string without_leading_zeros(std::string_view text) {
  const std::size_t first = text.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : std::string(text.substr(first));
}

std::string duration_hint(std::string_view text) {
  if (std::ranges::all_of(text, is_digit) && !text.empty())
    return "did you mean " + without_leading_zeros(text) + "s?";
  if (is_sexagesimal(text) && std::ranges::count(text, ':') == 1) {
    const std::size_t colon = text.find(':');
    return "did you mean " + std::string(text.substr(0, colon)) + 'm' + std::string(text.substr(colon + 1)) +
           "s?";
  }
  if (text.ends_with("min")) return "did you mean " + std::string(text.substr(0, text.size() - 2)) + '?';
  if (text.ends_with("sec")) return "did you mean " + std::string(text.substr(0, text.size() - 2)) + '?';
  return {};
}

}  // namespace

std::optional<Problem> yaml11_surprise(std::string_view plain) {
  const std::string word(plain);
  const std::string quote = "put it in quotes: \"" + word + '"';
  if (yaml11_truth(plain) >= 0)
    return Problem{"plain " + word + " is a truth value to many YAML readers", quote};
  if (has_leading_zero(plain))
    return Problem{"plain " + word + " is an octal number to many YAML readers", quote};
  if (is_sexagesimal(plain))
    return Problem{"plain " + word + " is a number of base 60 to many YAML readers", quote};
  return std::nullopt;
}

std::optional<Template> read_template(const Node& node, const RunTimeNames& allowed, Context& context) {
  if (!is_value(node, context, "must be text")) return std::nullopt;
  if (!node.quoted) {
    if (const auto surprise = yaml11_surprise(node.text)) {
      context.faults().add(node, surprise->message, surprise->hint);
      return std::nullopt;
    }
  }
  return expanded(node, allowed, context);
}

std::optional<std::string> read_text(const Node& node, Context& context) {
  const auto text = read_template(node, no_names(), context);
  if (!text) return std::nullopt;
  return text->literal();
}

std::optional<model::Millis> read_duration(const Node& node, Context& context) {
  constexpr std::string_view kWanted = "must be a duration such as 10s, 5m or 1h30m";
  const auto text = bare_word(node, context, kWanted);
  if (!text) return std::nullopt;
  const auto duration = model::parse_duration(*text);
  if (!duration) refuse(node, context, kWanted, *text, duration_hint(*text));
  return duration;
}

std::optional<std::int64_t> read_integer(const Node& node, Context& context) {
  constexpr std::string_view kWanted = "must be a whole number";
  const auto text = bare_word(node, context, kWanted);
  if (!text) return std::nullopt;
  if (has_leading_zero(*text)) {
    refuse(node, context, "must be a whole number without leading zeros", *text,
           "did you mean " + without_leading_zeros(*text) + '?');
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size()) return value;
  refuse(node, context, kWanted, *text, {});
  return std::nullopt;
}

std::optional<double> read_number(const Node& node, Context& context) {
  const auto text = bare_word(node, context, "must be a number");
  if (!text) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size() && std::isfinite(value) &&
      !has_leading_zero(*text)) {
    return value;
  }
  refuse(node, context, "must be a number", *text, {});
  return std::nullopt;
}

std::optional<bool> read_boolean(const Node& node, Context& context) {
  const auto text = bare_word(node, context, "must be true or false");
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  const int truth = yaml11_truth(*text);
  refuse(node, context, "must be true or false", *text,
         truth < 0 ? "" : (truth == 1 ? "did you mean true?" : "did you mean false?"));
  return std::nullopt;
}

}  // namespace deadcalm::config
