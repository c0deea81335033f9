#include "evaluator/flapping.h"

#include <algorithm>

namespace deadcalm::evaluator {

void note_change(ServiceState& state, SteadyTime now) {
  std::erase_if(state.changes, [&](SteadyTime at) { return at <= now - kFlappingWindow; });
  state.changes.push_back(now);
  constexpr std::size_t kMost = 2 * kFlappingChanges;
  if (state.changes.size() > kMost) state.changes.erase(state.changes.begin());
}

bool is_flapping(const ServiceState& state, SteadyTime now) {
  return std::ranges::count_if(state.changes, [&](SteadyTime at) { return at > now - kFlappingWindow; }) >=
         kFlappingChanges;
}

void set_recovery_factor(ServiceState& state, SteadyTime now) {
  state.recovery_factor =
      is_flapping(state, now) ? std::min(2 * state.recovery_factor, kLongestRecoveryFactor) : 1;
}

}  // namespace deadcalm::evaluator
