#pragma once
// What an answer must look like, beyond its status: structured assertions, no expression language.
#include <re2/re2.h>

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/names.h"
#include "probes/http/json_path.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::http {

enum class Operator { equals, not_equals, contains, matches, exists, length, lt, le, gt, ge };

// `operand` is compared as JSON: 1 equals 1.0, "1" does not. matches is RE2, unanchored, on text.
// length is of text (bytes), lists and maps. exists takes a bool.
struct Condition {
  Operator op = Operator::equals;
  boost::json::value operand;
  std::shared_ptr<const re2::RE2> pattern;  // for matches
};

struct JsonAssertion {
  JsonPath path;
  Condition condition;
};
struct HeaderAssertion {
  std::string name;  // in lower case
  Condition condition;
};

struct Expect {
  std::vector<int> status;  // empty: 200 to 299
  std::vector<JsonAssertion> json;
  std::vector<HeaderAssertion> headers;

  bool good_status(int code) const;
  // What is wrong, for people ("$.ok is false, expected true"), or nullopt. The status is not looked at.
  std::optional<std::string> violated_by(const runtime::HttpAnswer& answer) const;
};

// nullopt: holds. `value` is nullptr when the place does not exist.
std::optional<std::string> violation(const std::string& name, const boost::json::value* value,
                                     const Condition& condition);

}  // namespace deadcalm::probes::http

template <>
struct deadcalm::model::Names<deadcalm::probes::http::Operator> {
  static constexpr std::array<std::string_view, 10> values{"equals", "not", "contains", "matches", "exists",
                                                           "length", "lt",  "le",       "gt",      "ge"};
};
