#pragma once
// When an incident is over: success_threshold good looks of the probe that decides and recover_for between
// their starts, and lag, age, beacons and clients of the configured sources good again. Any failure starts it
// anew. Data loss is never over by itself.
#include "evaluator/context.h"
#include "evaluator/remember.h"

namespace deadcalm::evaluator {

// A new look, while an incident is open.
void count_recovery(Context& context, OpenIncident& incident, const Noticed& noticed);

// Resolves the incident if it is over: it is gone from the state then.
void recover_if_over(Context& context, OpenIncident& incident);

// Its probe has had no trouble of the incident's class for as long as a recovery takes: a milder label is
// due.
bool calmed_down(const Policy& policy, const ServiceState& state, const OpenIncident& incident);

int good_looks_needed(const Policy& policy, const ServiceState& state);

}  // namespace deadcalm::evaluator
