#pragma once
// A service that goes up and down keeps its incident open: recovery takes twice as long with each outage
// that follows too soon, at most eight times as long.
#include "evaluator/policy.h"
#include "evaluator/state.h"

namespace deadcalm::evaluator {

inline constexpr int kFlappingChanges = 4;
inline constexpr Millis kFlappingWindow = std::chrono::minutes{30};
inline constexpr int kLongestRecoveryFactor = 8;

// An incident was opened, was resolved, or fell back from recovering.
void note_change(ServiceState& state, SteadyTime now);

// After note_change, when an outage begins or comes back: how much longer recovery must take.
void set_recovery_factor(ServiceState& state, SteadyTime now);

bool is_flapping(const ServiceState& state, SteadyTime now);

}  // namespace deadcalm::evaluator
