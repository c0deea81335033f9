#pragma once
// Durations as people write and read them. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "model/time.h"

namespace deadcalm::model {

// "250ms", "10s", "5m", "1h", "30d", "1h30m" (units largest first, each once). No bare numbers, no
// fractions, no sign; nullopt otherwise or past 100 years.
std::optional<Millis> parse_duration(std::string_view text);

// The shortest exact form that parse_duration reads back: 90000 ms is "1m30s", 0 is "0s".
std::string to_text(Millis duration);

// For people, two units at most, rounded down: "6 min", "2 h 5 min", "340 ms", "4 s".
std::string for_people(Millis duration);

// "2026-11-23T05:14:00Z" (RFC 3339, seconds), and "05:14:00 UTC" for the middle of a sentence.
std::string rfc3339(WallTime at);
std::string clock_utc(WallTime at);

}  // namespace deadcalm::model
