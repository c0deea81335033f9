#include "model/duration.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace deadcalm::model {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t millis;
  std::string_view people;
};
constexpr std::array kUnits{Unit{"d", 86'400'000, "d"}, Unit{"h", 3'600'000, "h"}, Unit{"m", 60'000, "min"},
                            Unit{"s", 1'000, "s"}, Unit{"ms", 1, "ms"}};
constexpr std::int64_t kHundredYears = 100LL * 366 * 86'400'000;

std::tm broken_down(WallTime at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;  // units may only get smaller
  while (!text.empty()) {
    std::size_t digits = 0;
    std::int64_t value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      value = value * 10 + (text[digits] - '0');
      if (++digits > 13) return std::nullopt;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < text.size() && (text[letters] < '0' || text[letters] > '9')) ++letters;
    const std::string_view suffix = text.substr(0, letters);
    while (next_unit < kUnits.size() && kUnits[next_unit].suffix != suffix) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    if (value > kHundredYears / kUnits[next_unit].millis) return std::nullopt;
    total += value * kUnits[next_unit].millis;
    ++next_unit;
    text.remove_prefix(letters);
  }
  if (total > kHundredYears) return std::nullopt;
  return Millis{total};
}

std::string to_text(Millis duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (const Unit& unit : kUnits) {
    if (rest < unit.millis) continue;
    text += std::to_string(rest / unit.millis);
    text += unit.suffix;
    rest %= unit.millis;
  }
  return text;
}

std::string for_people(Millis duration) {
  std::int64_t rest = duration.count() < 0 ? 0 : duration.count();
  if (rest < 1000) return std::to_string(rest) + " ms";
  std::string text;
  int used = 0;
  for (const Unit& unit : kUnits) {
    if (unit.millis == 1 || used == 2) break;
    if (rest < unit.millis) {
      if (used > 0) break;  // "2 d", not "2 d 3 s"
      continue;
    }
    if (!text.empty()) text += ' ';
    text += std::to_string(rest / unit.millis);
    text += ' ';
    text += unit.people;
    rest %= unit.millis;
    ++used;
  }
  return text;
}

std::string rfc3339(WallTime at) {
  const std::tm parts = broken_down(at);
  std::array<char, 32> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), n};
}

std::string clock_utc(WallTime at) {
  const std::tm parts = broken_down(at);
  std::array<char, 32> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%H:%M:%S UTC", &parts);
  return {text.data(), n};
}

}  // namespace deadcalm::model
