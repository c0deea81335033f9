#include "probes/credentials/jwt.h"

#include <boost/json/parse.hpp>
#include <string>

namespace deadcalm::probes::credentials {
namespace {

// RFC 4648 §5, without padding. nullopt: another letter in it.
std::optional<std::string> base64url_decoded(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t value = letters.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xffU);
  }
  return out;
}

// nullopt: not a JWT.
std::optional<boost::json::object> claims_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto claims = base64url_decoded(token.substr(first + 1, second - first - 1));
  if (!claims) return std::nullopt;
  boost::system::error_code ec;
  const boost::json::value parsed = boost::json::parse(*claims, ec);
  if (ec || !parsed.is_object()) return std::nullopt;
  return parsed.get_object();
}

}  // namespace

std::optional<model::WallTime> jwt_expiry(std::string_view token) {
  const auto claims = claims_of(token);
  const boost::json::value* end = claims ? claims->if_contains("exp") : nullptr;
  if (end == nullptr) return std::nullopt;
  boost::system::error_code ec;
  const auto seconds = end->to_number<double>(ec);
  constexpr double year_9999 = 253'402'300'799.0;
  if (ec || !(seconds > 0) || seconds > year_9999) return std::nullopt;
  return model::from_unix_millis(static_cast<std::int64_t>(seconds * 1000));
}

std::string jwt_role(std::string_view token) {
  const auto claims = claims_of(token);
  const boost::json::value* role = claims ? claims->if_contains("role") : nullptr;
  return role != nullptr && role->is_string() ? std::string(role->get_string()) : std::string();
}

}  // namespace deadcalm::probes::credentials
