#pragma once
// From counts of customers' commits to the traffic signal: who writes beside us, and when nobody does, how
// surprising that is. Pure; docs/semantics.md §3, "Traffic".
//
// What is usual is learnt from the counts themselves, hour by hour of the week (UTC; hour 0 is Monday
// 00:00): commits and hours watched, the newest eight weeks weighing most. An hour in which nothing ever
// came makes silence no more surprising, so nights, weekends and series full of zeros need no rule of
// their own. A silence is learnt when it is over, and only if it was usual: an outage never is.
#include <array>
#include <optional>

#include "evaluator/policy.h"
#include "evaluator/state.h"
#include "model/observation.h"

namespace deadcalm::evaluator {

using model::WallTime;

// Commits counted over a window. Fractions happen: Prometheus extrapolates.
struct Count {
  Instant from{}, to{};
  double commits = 0;
};

// All that is remembered about one source; persisted (monitor/traffic_json.h). Wall time: it outlives us.
struct TrafficHistory {
  std::array<double, 168> commits{}, hours{};
  double surprise = 0, windows = 0;      // squared deviations from what was expected, and of how many windows
  std::optional<WallTime> began;         // of the first count
  std::optional<WallTime> learnt_until;  // what lies before is learnt, or deliberately not
  std::optional<WallTime> counted_until;
  std::optional<WallTime> silent_since;  // nothing was committed since, as far as counts reach back
  bool told = false;                     // the present silence was told: it will not be learnt
  friend bool operator==(const TrafficHistory&, const TrafficHistory&) = default;
};

inline constexpr double kFewestCommits = 3;      // that prove others can write while we cannot
inline constexpr Millis kShortestWindow{1'000};  // below, a count says nothing
inline constexpr Millis kHistoryNeeded = std::chrono::hours{24 * 7};
inline constexpr double kHoursRemembered = 8;  // of each hour of the week

// When the newest of the writes that fail now began to fail (the end of its first failed look); nullopt:
// none fails. Commits before that prove nothing.
std::optional<Instant> failing_since(const Policy& policy, const ServiceState& state);

// What to count now: the usual window, but nothing before the first failed write. Whole seconds; nullopt
// while that is too short.
std::optional<Millis> window_to_count(Millis usual, std::optional<Instant> failing_since, Instant now);

// May what is counted now be learnt as usual? Not while our own write fails, something is told, or we are
// blind.
bool learns(const Policy& policy, const ServiceState& state);

// Takes a count in and gives the look. `failing`: some write of ours fails. `learn`: learns() was true.
model::TrafficLook judge_count(const Policy& policy, TrafficHistory& history, const Count& count,
                               bool failing, bool learn);

// -ln of the chance that nothing is committed between two moments, by what was learnt; what was learnt from
// little counts less (gamma), and so do commits that come in bunches.
double surprise_of_silence(const TrafficHistory& history, WallTime from, WallTime to);

// The surprise that is told: rarer than 1 in 1000 (1 in 10,000 where silence pages), and by chance at most
// once a year (once in ten years).
double surprise_needed(const Policy& policy, const TrafficHistory& history);

}  // namespace deadcalm::evaluator
