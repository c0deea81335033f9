#pragma once
// How old is what clients see: the signals `age` and `lag`, and the bound A_max they are held against.
// Both compare canaries, never clocks of clients.
#include <optional>

#include "evaluator/policy.h"
#include "evaluator/state.h"

namespace deadcalm::evaluator {

// A value older than this many of its intervals says nothing any more.
inline constexpr int kIntervalsUntilUnknown = 3;

// The last look still speaks: it started since we can see, and ended within three intervals.
bool speaks(const ServiceState& state, bool looked, Instant started, Instant ended, Millis interval,
            SteadyTime now);

// A_max of one write path seen through one view: write interval + view interval + lifetime of the answer +
// both time-outs; policy.stale_after replaces it.
Millis stale_limit(const Policy& policy, const WriteProbe& write, const ViewProbe* view, Millis lifetime);

// The largest over all pairs; without views that of the write paths alone (for beacons).
Millis stale_limit(const Policy& policy, const ServiceState& state);

// Keeps what a view showed: the newest token and, per own stream, the newest number.
void remember_token(const Policy& policy, const ServiceState& state, ViewState& view,
                    const model::SeenToken& token, Instant seen_at);

// New, old, or unknown: unknown unless plants were attempted and answered throughout the last A_max, and
// unless some view that answers has ever shown a canary of ours. With several streams the worst.
model::Age age_of(const Policy& policy, const ServiceState& state, SteadyTime now);

struct LagReading {
  model::Lag lag = model::Lag::unknown;
  std::size_t view = 0;                   // which, if behind
  std::optional<SteadyTime> since;        // if behind: when the first unseen canary reached A_max
  std::optional<SteadyTime> next_behind;  // if ok: when an unseen one would reach it
};
LagReading lag_of(const Policy& policy, const ServiceState& state, SteadyTime now);

// Has any view ever shown a canary of ours, or is any pushed to? Before that, lag and age are not being
// measured.
bool measures_freshness(const ServiceState& state);

// Age of the newest canary that any answering view has shown.
std::optional<Millis> client_data_age(const Policy& policy, const ServiceState& state, SteadyTime now);

}  // namespace deadcalm::evaluator
