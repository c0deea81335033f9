#include "runtime/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace deadcalm::runtime {

std::optional<model::Millis> retry_after(const HttpAnswer& answer) {
  constexpr std::int64_t kDay = 86'400;
  const std::string* text = answer.header("retry-after");
  if (text == nullptr) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (ec != std::errc{} || end == text->data()) {
    const std::string* date = answer.header("date");
    std::tm then{}, now{};
    constexpr const char* kFormat = "%a, %d %b %Y %H:%M:%S GMT";
    if (date == nullptr || strptime(text->c_str(), kFormat, &then) == nullptr ||
        strptime(date->c_str(), kFormat, &now) == nullptr) {
      return std::nullopt;
    }
    seconds = timegm(&then) - timegm(&now);
  }
  return model::Millis{std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, kDay)}};
}

}  // namespace deadcalm::runtime
