#pragma once
// While we are blind nothing advances and nothing is resolved; on return only fresh looks count.
#include "evaluator/state.h"

namespace deadcalm::evaluator {

// Stops every streak where it stands. Failed looks that waited for an anchor look are forgotten.
void freeze(ServiceState& state, SteadyTime now);

// Sees again: looks that started before `since` say nothing any more, and time spent blind does not count.
void thaw(ServiceState& state, SteadyTime since, SteadyTime now);

}  // namespace deadcalm::evaluator
