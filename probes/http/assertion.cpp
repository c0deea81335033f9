#include "probes/http/assertion.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace deadcalm::probes::http {
namespace {

namespace json = boost::json;

std::string shown(const json::value& value) {
  std::string text = json::serialize(value);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

std::optional<double> number(const json::value& value) {
  boost::system::error_code ec;
  const double n = value.to_number<double>(ec);
  return ec ? std::nullopt : std::optional(n);
}

bool same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return number(a) == number(b);
  return a == b;
}

bool contains(const json::value& whole, const json::value& part) {
  if (const auto* text = whole.if_string()) {
    return part.is_string() &&
           std::string_view(*text).find(std::string_view(part.get_string())) != std::string_view::npos;
  }
  if (const auto* list = whole.if_array())
    return std::ranges::any_of(*list, [&](const auto& v) { return same(v, part); });
  if (const auto* map = whole.if_object()) return part.is_string() && map->contains(part.get_string());
  return false;
}

std::optional<double> length(const json::value& value) {
  if (const auto* text = value.if_string()) return static_cast<double>(text->size());
  if (const auto* list = value.if_array()) return static_cast<double>(list->size());
  if (const auto* map = value.if_object()) return static_cast<double>(map->size());
  return std::nullopt;
}

bool ordered(Operator op, double a, double b) {
  switch (op) {
    case Operator::lt: return a < b;
    case Operator::le: return a <= b;
    case Operator::gt: return a > b;
    default: return a >= b;
  }
}

bool holds(const json::value& value, const Condition& c) {
  switch (c.op) {
    case Operator::equals: return same(value, c.operand);
    case Operator::not_equals: return !same(value, c.operand);
    case Operator::contains: return contains(value, c.operand);
    case Operator::matches:
      return value.is_string() && c.pattern != nullptr &&
             re2::RE2::PartialMatch(re2::StringPiece(value.get_string().data(), value.get_string().size()),
                                    *c.pattern);
    case Operator::exists: return c.operand == json::value(true);
    case Operator::length: return length(value) == number(c.operand);
    default: {
      const auto a = number(value);
      const auto b = number(c.operand);
      return a && b && ordered(c.op, *a, *b);
    }
  }
}

}  // namespace

std::optional<std::string> violation(const std::string& name, const json::value* value,
                                     const Condition& condition) {
  if (value == nullptr) {
    if (condition.op == Operator::exists && condition.operand == json::value(false)) return std::nullopt;
    return name + " is not there";
  }
  if (holds(*value, condition)) return std::nullopt;
  if (condition.op == Operator::exists) return name + " is there and must not be";
  const std::string op = condition.op == Operator::equals ? "" : std::string(model::name(condition.op)) + ' ';
  return name + " is " + shown(*value) + ", expected " + op + shown(condition.operand);
}

bool Expect::good_status(int code) const {
  if (status.empty()) return code >= 200 && code < 300;
  return std::ranges::find(status, code) != status.end();
}

std::optional<std::string> Expect::violated_by(const runtime::HttpAnswer& answer) const {
  for (const HeaderAssertion& assertion : headers) {
    const std::string* found = answer.header(assertion.name);
    const boost::json::value value = found != nullptr ? boost::json::value(*found) : boost::json::value();
    if (auto wrong =
            violation("header " + assertion.name, found != nullptr ? &value : nullptr, assertion.condition)) {
      return wrong;
    }
  }
  if (json.empty()) return std::nullopt;
  boost::system::error_code ec;
  const boost::json::value document = boost::json::parse(answer.body, ec);
  if (ec) return "the body is not JSON: " + ec.message();
  for (const JsonAssertion& assertion : json) {
    if (auto wrong = violation(assertion.path.text(), assertion.path.find(document), assertion.condition))
      return wrong;
  }
  return std::nullopt;
}

}  // namespace deadcalm::probes::http
