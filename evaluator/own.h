#pragma once
// What we tell about ourselves: a probe that never worked (setup) or works for the first time (first proof),
// a service we cannot judge, a second deadcalm on a copy of our store.
#include "evaluator/context.h"
#include "evaluator/remember.h"

namespace deadcalm::evaluator {

// Once per probe: it never worked and certainly fails. A notice, never a page.
void tell_setup(Context& context, ProbeRef probe);

// The probe completed its first full verified cycle. A notice.
void tell_first_proof(Context& context, ProbeRef probe);

// Own incident "unknown/<service>" (page) after three intervals of ruling unknown; it ends with the first
// other ruling. Not while writes are paused, a page about the service is open, or a setup notice says why.
void follow_unknown(Context& context);

// When the own incident about unknown falls due.
std::optional<SteadyTime> unknown_due(const Policy& policy, const ServiceState& state);

// Own incident "clone/<service>" (notice) when a canary of our stream turns up that we never wrote; it ends
// after success_threshold verified cycles without one.
void follow_clone(Context& context, const Noticed& noticed);

// Own incident "credential/<service>" (notice) a week before what a probe shows its backend ends and nobody
// renews it by itself; it ends when a later end, or none, is seen.
void follow_credential(Context& context, const Noticed& noticed);

}  // namespace deadcalm::evaluator
