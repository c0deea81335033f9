#pragma once
// Opens an incident when its class is confirmed, and changes its label while it is open. An incident has
// no timers of its own: everything follows from streaks, signals and `now`.
//
// A rise (louder alarm, graver severity, data loss at critical) is told at once. Any other change of label is
// told once it has been so for `for`: views flicker between cache hit and miss. Alarm and severity of an
// incident never fall, and what is known about the clients' view is not replaced by "unknown".
#include "evaluator/context.h"

namespace deadcalm::evaluator {

// The judgement is failing and no incident is open: opens one if it is confirmed.
void open_if_confirmed(Context& context);

// The judgement is failing and an incident is open: takes over its label where the rules allow.
void relabel(Context& context, OpenIncident& incident);

// Gives the open incident another label and tells it; nothing if the label says the same.
void set_label(Context& context, OpenIncident& incident, const Label& label);

// When a milder label that is waiting will be told.
std::optional<SteadyTime> label_due(const Context& context);

}  // namespace deadcalm::evaluator
