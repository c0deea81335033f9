#pragma once
// Singular queries of RFC 9535 (JSONPath): one place in a document, or none.
//   $   $.data.items[0].id   $['odd key']["x"]   $.list[-1]
// Wildcards, slices, filters and descendants are refused with a message: an assertion is about one value.
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/error.h"

namespace deadcalm::probes::http {

class JsonPath {
 public:
  // bad_input says at which character and what is expected.
  static model::Result<JsonPath> parse(std::string_view text);

  // nullptr: there is no such place.
  const boost::json::value* find(const boost::json::value& document) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::variant<std::string, std::int64_t>> steps_;
};

}  // namespace deadcalm::probes::http
