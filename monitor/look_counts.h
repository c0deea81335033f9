#pragma once
// How often a single look at a write fails for no reason, as measured here: looks per day, for thirty days.
// Only looks that follow a good one count, so that an outage of a thousand failed looks is one failure.
// Kept in the store by the monitor, read by `deadcalm check`. Format: docs/formats.md, "Look counts".
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "model/time.h"

namespace deadcalm::monitor {

// Kind of the documents; their key is "<service>/<probe>".
inline constexpr const char* kLookCounts = "looks";
inline constexpr int kDaysCounted = 30;
inline constexpr model::Millis kMeasuredAfter = std::chrono::hours{24 * 7};

struct LookDay {
  std::int32_t day = 0;  // since 1970-01-01 UTC
  std::uint32_t looks = 0, failed = 0;
  friend bool operator==(const LookDay&, const LookDay&) = default;
};

struct LookCounts {
  std::optional<model::WallTime> began;
  std::vector<LookDay> days;  // oldest first, at most kDaysCounted
  friend bool operator==(const LookCounts&, const LookCounts&) = default;

  void count(model::WallTime at, bool failed);
};

struct Measured {
  std::uint64_t looks = 0, failed = 0;
};

// Over the days that are kept; nullopt until seven days after the first look.
std::optional<Measured> measured(const LookCounts& counts, model::WallTime now);

std::string to_json(const LookCounts& counts);
// bad_input if the text is not what to_json wrote. Unknown members are ignored.
model::Result<LookCounts> look_counts_from_json(std::string_view text);

}  // namespace deadcalm::monitor
