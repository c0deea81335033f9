#include "config/reader.h"

#include <algorithm>

#include "config/scalar.h"
#include "config/url.h"

namespace deadcalm::config {

Reader::Reader(const Node& node, Context& context) : node_(&node), context_(context) {
  if (node.is_map()) return;
  muted_ = true;
  if (node.kind == Kind::null) {
    context.faults().add(node, "has no value", "write {} for an empty map");
  } else {
    context.faults().add(node, "must be a map (key: value), found " + std::string(describe(node.kind)));
  }
}

Reader::Reader(Reader&& other) noexcept
    : node_(other.node_),
      context_(other.context_),
      known_(std::move(other.known_)),
      muted_(other.muted_),
      finished_(std::exchange(other.finished_, true)) {}

Reader::~Reader() {
  finish();
}

const Node* Reader::take(std::string_view key) {
  also_known({key});
  return node_->find(key);
}

void Reader::missing(std::string_view key) {
  if (!muted_) context_.faults().add(*node_, '"' + std::string(key) + "\" is missing");
}

std::string Reader::text(std::string_view key) {
  const Node* value = take(key);
  if (value == nullptr) missing(key);
  if (value == nullptr) return {};
  auto text = read_text(*value, context_);
  if (text && text->empty()) context_.faults().add(*value, "must not be empty");
  return text.value_or(std::string());
}

std::string Reader::text(std::string_view key, std::string fallback) {
  auto text = optional_text(key);
  return text ? *std::move(text) : std::move(fallback);
}

std::optional<std::string> Reader::optional_text(std::string_view key) {
  const Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  return read_text(*value, context_);
}

std::vector<std::string> Reader::texts(std::string_view key) {
  std::vector<std::string> texts;
  for (const Node& item : list_or_one(key)) {
    if (auto text = read_text(item, context_)) texts.push_back(*std::move(text));
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> Reader::text_map(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (auto& [name, text] : template_map(key, no_names()))
    texts.emplace_back(std::move(name), text.literal());
  return texts;
}

Template Reader::template_text(std::string_view key, const RunTimeNames& allowed) {
  const Node* value = take(key);
  if (value == nullptr) missing(key);
  if (value == nullptr) return {};
  auto text = read_template(*value, allowed, context_);
  if (text && text->empty()) context_.faults().add(*value, "must not be empty");
  return text ? *std::move(text) : Template();
}

std::optional<Template> Reader::optional_template(std::string_view key, const RunTimeNames& allowed) {
  const Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  return read_template(*value, allowed, context_);
}

std::vector<std::pair<std::string, Template>> Reader::template_map(std::string_view key,
                                                                   const RunTimeNames& allowed) {
  std::vector<std::pair<std::string, Template>> texts;
  const Node* map = take(key);
  if (map == nullptr) return texts;
  Reader reader(*map, context_);
  for (const Entry& entry : map->entries) {
    if (auto text = reader.optional_template(entry.key, allowed))
      texts.emplace_back(entry.key, *std::move(text));
  }
  return texts;
}

std::optional<std::size_t> Reader::word(std::string_view key, std::span<const std::string_view> words) {
  const Node* value = take(key);
  if (value == nullptr || !value->is_scalar()) {
    if (value != nullptr) read_text(*value, context_);  // says what is wrong
    return std::nullopt;
  }
  // Not read_text: "off" may well be one of the words, and then nothing surprises.
  const auto found = std::ranges::find(words, value->text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto text = has_reference(value->text) ? read_text(*value, context_) : value->text;
  if (!text) return std::nullopt;
  const auto again = std::ranges::find(words, *text);
  if (again != words.end()) return static_cast<std::size_t>(again - words.begin());
  std::string listed;
  for (const std::string_view word : words) listed += (listed.empty() ? "" : ", ") + std::string(word);
  context_.faults().add(*value, "must be one of " + listed + "; found \"" + *text + '"',
                        did_you_mean(*text, {words.begin(), words.end()}));
  return std::nullopt;
}

std::string Reader::url(std::string_view key, std::span<const std::string_view> schemes) {
  if (take(key) == nullptr) missing(key);
  return optional_url(key, schemes).value_or(std::string());
}

std::optional<std::string> Reader::optional_url(std::string_view key,
                                                std::span<const std::string_view> schemes) {
  if (take(key) == nullptr) return std::nullopt;
  const Template url = url_template(key, schemes, no_names());
  if (url.empty()) return std::nullopt;
  return url.literal();
}

Template Reader::url_template(std::string_view key, std::span<const std::string_view> schemes,
                              const RunTimeNames& allowed) {
  const Node* value = take(key);
  if (value == nullptr) missing(key);
  if (value == nullptr) return {};
  const auto text = read_template(*value, allowed, context_);
  if (!text) return {};
  // A name stands for something harmless here: run-time values are escaped by who puts them in.
  const std::string trial = text->render([](std::string_view) { return "x"; });
  std::string problem = fault_in_url(trial, schemes);
  if (problem.empty()) return *text;
  context_.faults().add(*value, std::move(problem));
  return {};
}

std::optional<Reader> Reader::child(std::string_view key) {
  const Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  return std::optional<Reader>(std::in_place, *value, context_);
}

std::span<const Node> Reader::list(std::string_view key) {
  const Node* value = take(key);
  if (value == nullptr) return {};
  if (value->is_sequence()) return value->items;
  context_.faults().add(*value, "must be a list, found " + std::string(describe(value->kind)));
  return {};
}

std::span<const Node> Reader::list_or_one(std::string_view key) {
  const Node* value = take(key);
  if (value == nullptr) return {};
  if (value->is_sequence()) return value->items;
  return {value, 1};
}

std::optional<Value> Reader::value(std::string_view key, const RunTimeNames& allowed) {
  const Node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return read_value(*node, allowed, context_);
}

const Node* Reader::node(std::string_view key) {
  return take(key);
}

void Reader::also_known(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  }
}

void Reader::one_of(std::initializer_list<std::string_view> keys, bool needed) {
  also_known(keys);
  std::string_view first;
  std::string listed;
  for (const std::string_view key : keys) {
    listed += (listed.empty() ? "\"" : " or \"") + std::string(key) + '"';
    if (!has(key)) continue;
    if (!first.empty()) fault(key, "cannot stand beside \"" + std::string(first) + '"', "remove one of them");
    if (first.empty()) first = key;
  }
  if (first.empty() && needed && !muted_) context_.faults().add(*node_, listed + " is missing");
}

void Reader::fault(std::string_view key, std::string message, std::string_view hint) {
  if (muted_) return;
  const Node* value = node_->find(key);
  context_.faults().add(value == nullptr ? *node_ : *value, std::move(message), hint);
}

void Reader::warn(std::string_view key, std::string message, std::string_view hint) {
  if (muted_) return;
  const Node* value = node_->find(key);
  context_.faults().warn(value == nullptr ? *node_ : *value, std::move(message), hint);
}

void Reader::finish() {
  if (std::exchange(finished_, true) || muted_) return;
  for (const Entry& entry : node_->entries) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    context_.faults().add(entry.mark, node_->path.key(entry.key).text(), "unknown key",
                          did_you_mean(entry.key, known_));
  }
}

void Reader::leave_the_rest() {
  finished_ = true;
}

}  // namespace deadcalm::config
