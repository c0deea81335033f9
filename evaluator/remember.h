#pragma once
// Takes an observation into the state, and says what kind of look it was. Counts nothing yet: that is
// confirmation.h, after it is known whether we see at all.
#include <optional>

#include "evaluator/looks.h"
#include "model/observation.h"

namespace deadcalm::evaluator {

// One look, told in the words of the confirmation.
struct Noticed {
  ProbeRef probe{};
  Instant started{};
  Trouble trouble{};
  bool good = false;        // known and without trouble
  bool after_hole = false;  // nobody looked for more than three intervals before
  // Streaks that this look ends. Neither counted nor ended: it says nothing about that kind.
  bool ends_loss = false, ends_hard = false, ends_soft = false, ends_impaired = false;
  bool first_proof = false;  // the probe's first full verified cycle
  bool foreign = false;  // a canary of our stream that we never wrote: somebody runs on a copy of our store
  bool anchor = false;   // an anchor look: belongs to the site, `good` if the network works
};

// A place in the state for each probe of the policy, in its order; what left the policy leaves the state.
void keep_places(const Policy& policy, ServiceState& state);

// nullopt: not a probe of this policy, or a look older than the one remembered; forgotten.
std::optional<Noticed> remember(const Policy& policy, ServiceState& state, const model::Observation& seen);

}  // namespace deadcalm::evaluator
