#pragma once
// When failed looks become an outage. A look counts only once an anchor look that started no earlier was
// good; each probe has streaks of its own, so other signals may change the label, never the count.
//
//   class    confirmed by (looks of the probe that decides the row)
//   loss     2 reads, loss_recheck apart
//   hard     failure_threshold in a row, and `for` between the starts of first and last
//   stale    the condition held for 2 A_max
//   silence  the statistic itself
//   soft     5 in a row
#include <algorithm>
#include <vector>

#include "evaluator/looks.h"
#include "evaluator/remember.h"

namespace deadcalm::evaluator {

inline constexpr int kSoftLooks = 5;
inline constexpr int kLossReads = 2;
inline constexpr Millis kForWhileDeploying = std::chrono::minutes{5};

// Counts the look, or lets it wait for an anchor look; an anchor look counts what waited for it. Returns the
// probes that never worked and of whom it is now certain that they fail.
std::vector<ProbeRef> count(const Policy& policy, ServiceState& state, const Noticed& noticed);

// Has the judgement's own class been confirmed?
bool is_confirmed(const Policy& policy, const ServiceState& state, const Judgement& judged, SteadyTime now);

// Counted looks behind the judgement; nullptr if it is not counted in looks.
const Streak* deciding_streak(const ServiceState& state, const Judgement& judged);

// When the trouble behind the judgement began (the first failed look's start).
std::optional<Instant> trouble_since(const ServiceState& state, const Judgement& judged);

// For row 12: the steady instant at which it is confirmed if nothing changes.
std::optional<SteadyTime> stale_due(const Policy& policy, const ServiceState& state, const Judgement& judged);

// Between the starts of looks while in doubt: recheck_interval, but a look must be able to end before the
// next begins, and doubt never makes looks rarer. Exactly this, or the promised times would not hold.
template <class Probe>
Millis recheck_spacing(const Policy& policy, const Probe& probe) {
  return std::max(probe.timeout, std::min(policy.recheck_interval, probe.interval));
}

// `for` as it is now: longer while a deploy is announced.
Millis failing_for(const Policy& policy, const ServiceState& state, SteadyTime now);

bool long_enough(const Policy& policy, const ServiceState& state, const Streak& hard, SteadyTime now);

// Follows how long clients have been behind, or beacons high. Unknown neither starts nor ends it.
void follow_staleness(const Policy& policy, ServiceState& state, const Judgement& judged, Instant now);

// Higher classes first: loss 5, hard 4, stale 3, silence 2, soft 1, else 0.
int rank(model::AlarmClass alarm_class);

// The same, but a single missing rung is as soft as a notice.
int rank(const Label& label);

}  // namespace deadcalm::evaluator
