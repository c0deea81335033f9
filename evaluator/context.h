#pragma once
// What the steps of one evaluate() call share. Lives for the call only.
#include <vector>

#include "evaluator/looks.h"
#include "model/transition.h"

namespace deadcalm::evaluator {

struct Context {
  const Policy& policy;
  ServiceState& state;
  Instant now;
  Judgement judged;
  std::vector<model::Transition>& out;
};

// Facts for a page, as seen from `probe`.
model::Evidence evidence_of(const Context& context, ProbeRef probe);

// About the service, or (own) about ourselves.
model::Subject service_subject(const Policy& policy);
model::Subject own_subject(const char* kind, const Policy& policy);  // "<kind>/<service>"

}  // namespace deadcalm::evaluator
