#pragma once
// What a person's command changes in the evaluator. Acknowledge, resolve and silence are alerting's: the
// outage goes on, whatever is said about its incident.
#include "evaluator/context.h"
#include "model/command.h"

namespace deadcalm::evaluator {

inline constexpr Millis kDeployWithoutEnd = std::chrono::minutes{10};

void obey(Context& context, const model::Command& command);

// A maintenance with expect_reset that has run out: its new generation is accepted.
void end_maintenance_if_due(Context& context);

}  // namespace deadcalm::evaluator
