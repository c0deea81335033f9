#pragma once
// What the evaluator would like to see next, and when it wants to be woken.
#include "evaluator/context.h"
#include "evaluator/evaluate.h"
#include "evaluator/remember.h"

namespace deadcalm::evaluator {

// Before a look is counted: was its probe in no doubt until now? Then anchors and views are wanted at once.
bool first_doubt(const ServiceState& state, const Noticed& noticed);

// After everything else. `noticed`: the look of this event, if any; `first`: what first_doubt said of it.
Wishes wishes_of(const Context& context, const std::optional<Noticed>& noticed, bool first);

}  // namespace deadcalm::evaluator
