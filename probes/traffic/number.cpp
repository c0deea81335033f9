#include "probes/traffic/number.h"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>

namespace deadcalm::probes::traffic {
namespace {

constexpr std::size_t kLongestShown = 60;

std::string shown(std::string text) {
  if (text.size() > kLongestShown) text = text.substr(0, kLongestShown) + "...";
  return text;
}

Counted count_of(double number, const std::string& as_written) {
  if (!std::isfinite(number)) return std::unexpected(as_written + " is no count");
  if (number < 0) return std::unexpected(as_written + " is negative, so no count");
  return number;
}

}  // namespace

Counted count_in_text(std::string_view text) {
  double number = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return std::unexpected("\"" + shown(std::string(text)) + "\" is no number");
  }
  return count_of(number, std::string(text));
}

Counted count_in_json(const boost::json::value& value) {
  boost::system::error_code error;
  const auto number = value.to_number<double>(error);
  const std::string written = shown(boost::json::serialize(value));
  if (error || !value.is_number()) return std::unexpected(written + " is no number");
  return count_of(number, written);
}

}  // namespace deadcalm::probes::traffic
