#pragma once
// Wall and steady instants are different types, so that nobody can subtract one from the other.
// Rule: durations and deadlines use SteadyTime; what people read or what outlives the process uses
// WallTime. An Instant is both, read at one moment; only runtime::Clock makes them.
#include <chrono>
#include <cstdint>

namespace deadcalm::model {

using Millis = std::chrono::milliseconds;

// Tags only: neither can be asked for the time (there is no now()).
struct WallClock {
  using duration = Millis;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};
struct SteadyClock {
  using duration = Millis;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyClock>;
  static constexpr bool is_steady = true;
};

using WallTime = WallClock::time_point;      // since the Unix epoch, UTC
using SteadyTime = SteadyClock::time_point;  // since an arbitrary start; never steps back

struct Instant {
  WallTime wall{};
  SteadyTime steady{};
  friend bool operator==(const Instant&, const Instant&) = default;
};

inline Instant operator+(Instant at, Millis d) {
  return {at.wall + d, at.steady + d};
}
inline std::int64_t unix_millis(WallTime t) {
  return t.time_since_epoch().count();
}
inline WallTime from_unix_millis(std::int64_t ms) {
  return WallTime{Millis{ms}};
}

}  // namespace deadcalm::model
