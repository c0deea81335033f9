#include "evaluator/evaluate.h"

#include "evaluator/blindness.h"
#include "evaluator/commands.h"
#include "evaluator/confirmation.h"
#include "evaluator/incident.h"
#include "evaluator/own.h"
#include "evaluator/recovery.h"
#include "evaluator/remember.h"
#include "evaluator/wishes.h"

namespace deadcalm::evaluator {
namespace {

// Takes the event in. What it was, if it was a look at this service or at the anchors.
std::optional<Noticed> take_in(Context& c, const Event& event) {
  if (const auto* seen = std::get_if<model::Observation>(&event)) return remember(c.policy, c.state, *seen);
  if (const auto* wake = std::get_if<Wake>(&event)) c.state.loop_late = wake->loop_late;
  if (const auto* command = std::get_if<model::Command>(&event)) obey(c, *command);
  return std::nullopt;
}

// From when on looks count again: those beside or after the anchor look that saw.
SteadyTime sees_since(const std::optional<Noticed>& noticed, SteadyTime now) {
  return noticed && noticed->anchor ? noticed->started.steady : now;
}

void tell_firsts(Context& c, const std::optional<Noticed>& noticed, const std::vector<ProbeRef>& certain) {
  for (const ProbeRef probe : certain) tell_setup(c, probe);
  if (!noticed) return;
  if (noticed->first_proof) tell_first_proof(c, noticed->probe);
  follow_clone(c, *noticed);
  follow_credential(c, *noticed);
}

void follow_incident(Context& c, const std::optional<Noticed>& noticed) {
  follow_staleness(c.policy, c.state, c.judged, c.now);
  if (auto& incident = c.state.incident) {
    if (noticed && !noticed->anchor) count_recovery(c, *incident, *noticed);
    if (c.judged.failing()) relabel(c, *incident);
    recover_if_over(c, *incident);
    return;
  }
  if (c.judged.failing()) {
    open_if_confirmed(c);
  } else if (c.judged.ruling.verdict == model::Verdict::healthy) {
    c.state.said = model::Verdict::healthy;
  }
}

}  // namespace

Step evaluate(const Policy& policy, ServiceState& state, const Event& event, model::Instant now) {
  Step step;
  keep_places(policy, state);
  Context c{policy, state, now, judge(policy, state, now.steady), step.transitions};
  const std::optional<Noticed> noticed = take_in(c, event);
  c.judged = judge(policy, state, now.steady);
  if (c.judged.ruling.alarm_class == model::AlarmClass::blind) {
    freeze(state, now.steady);
    return step;  // nothing advances, nothing is wished
  }
  if (state.frozen_since) {
    thaw(state, sees_since(noticed, now.steady), now.steady);
  }
  end_maintenance_if_due(c);
  c.judged = judge(policy, state, now.steady);

  const bool first = noticed && first_doubt(state, *noticed);
  std::vector<ProbeRef> certain;
  if (noticed) certain = count(policy, state, *noticed);
  tell_firsts(c, noticed, certain);
  follow_incident(c, noticed);
  follow_unknown(c);
  step.wishes = wishes_of(c, noticed, first);
  return step;
}

}  // namespace deadcalm::evaluator
