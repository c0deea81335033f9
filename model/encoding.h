#pragma once
// Bytes as text, the three ways the wire wants them.
#include <cstddef>
#include <string>
#include <string_view>

namespace deadcalm::model {

std::string hex(std::string_view bytes);         // lower case
std::string base64(std::string_view bytes);      // RFC 4648 section 4, padded
std::string url_encoded(std::string_view text);  // RFC 3986: all but unreserved characters as %XX

}  // namespace deadcalm::model
