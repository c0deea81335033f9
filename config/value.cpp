#include "config/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/scalar.h"

namespace deadcalm::config {
namespace {

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// from_chars also reads "inf" and "nan", which JSON does not have, and "-.5" or "5.".
bool looks_like_a_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text[0] >= '0' && text[0] <= '9' && !text.ends_with('.') &&
         text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

std::optional<Value> read_scalar(const Node& node, const RunTimeNames& allowed, Context& context) {
  if (!node.quoted) {
    if (node.text == "true" || node.text == "false") return Value{node.text == "true"};
    if (!yaml11_surprise(node.text) && looks_like_a_json_number(node.text)) {
      if (const auto number = whole<std::int64_t>(node.text)) return Value{*number};
      if (const auto number = whole<double>(node.text); number && std::isfinite(*number))
        return Value{*number};
    }
  }
  auto text = read_template(node, allowed, context);
  if (!text) return std::nullopt;
  return Value{*std::move(text)};
}

}  // namespace

std::optional<Value> read_value(const Node& node, const RunTimeNames& allowed, Context& context) {
  bool good = true;
  switch (node.kind) {
    case Kind::null: return Value{};
    case Kind::scalar: return read_scalar(node, allowed, context);
    case Kind::sequence: {
      ValueList list;
      for (const Node& item : node.items) {
        auto value = read_value(item, allowed, context);
        good = good && value.has_value();
        if (value) list.push_back(*std::move(value));
      }
      if (!good) return std::nullopt;
      return Value{std::move(list)};
    }
    case Kind::map: {
      ValueMap map;
      for (const Entry& entry : node.entries) {
        auto value = read_value(entry.value, allowed, context);
        good = good && value.has_value();
        if (value) map.push_back({entry.key, *std::move(value)});
      }
      if (!good) return std::nullopt;
      return Value{std::move(map)};
    }
  }
  return std::nullopt;
}

}  // namespace deadcalm::config
