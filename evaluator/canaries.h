#pragma once
// When our own canaries were planted, by the steady clock, so that a stepped wall clock moves no age.
// A short list per stream: when it is full the entry whose neighbours are closest goes, so that it always
// reaches back far enough to see one older than A_max.
#include <optional>
#include <vector>

#include "evaluator/state.h"

namespace deadcalm::evaluator {

// Adds or updates by seq. Entries planted before `forget_before` go, but never the newest.
void remember_canary(std::vector<PlantedCanary>& canaries, const PlantedCanary& canary,
                     SteadyTime forget_before);

// When `seq` was planted; between two remembered ones in proportion. nullopt outside of the list.
std::optional<SteadyTime> planted_at(const std::vector<PlantedCanary>& canaries, std::uint64_t seq);

}  // namespace deadcalm::evaluator
