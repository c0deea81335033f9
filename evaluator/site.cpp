#include "evaluator/site.h"

namespace deadcalm::evaluator {
namespace {

using model::Reason;
using model::Transition;
using model::Verdict;

Transition about_blindness(const SiteState& state, model::Instant now, bool blind) {
  Transition t;
  t.subject = {true, "blind"};
  t.at = now;
  t.from = blind ? Verdict::unknown : Verdict::monitor_blind;
  t.to = blind ? Verdict::monitor_blind : Verdict::healthy;
  t.alarm_class = model::AlarmClass::blind;
  t.alarm = blind ? model::Alarm::page : model::Alarm::none;
  t.severity = blind ? model::Severity::error : model::Severity::info;
  t.reason = blind ? Reason::went_blind : Reason::sees_again;
  t.row = 1;
  t.evidence.signals.anchor = state.anchor_bad ? model::Anchor::bad : model::Anchor::ok;
  t.evidence.since = state.blind_since.value_or(now).wall;
  t.evidence.detail = state.loop_late ? "our own loop is late by more than 3 intervals"
                                      : std::to_string(state.answered) + " of " +
                                            std::to_string(state.voting) + " anchors answer";
  return t;
}

void take_in(SiteState& state, const Event& event) {
  if (const auto* wake = std::get_if<Wake>(&event)) state.loop_late = wake->loop_late;
  const auto* seen = std::get_if<model::Observation>(&event);
  const auto* look = seen ? std::get_if<model::AnchorLook>(&seen->look) : nullptr;
  if (look == nullptr) return;
  if (state.anchor_started && seen->started.steady < *state.anchor_started) return;  // an older look
  state.anchor_started = seen->started.steady;
  state.anchor_bad = is_bad(*look);
  state.answered = look->answered;
  state.voting = look->voting;
}

}  // namespace

bool is_bad(const model::AnchorLook& look) {
  return 2 * look.answered < look.voting;
}

Step evaluate_site(const SitePolicy& policy, SiteState& state, const Event& event, model::Instant now) {
  Step step;
  take_in(state, event);
  if (!state.anchor_bad && !state.loop_late) {
    if (state.told) step.transitions.push_back(about_blindness(state, now, false));
    state.told = false;
    state.blind_since.reset();
    return step;
  }
  if (!state.blind_since) state.blind_since = now;
  if (state.told) return step;
  const auto due = state.blind_since->steady + policy.blind_for;
  if (now.steady < due) {
    step.wishes.wake_at = due;
    return step;
  }
  state.told = true;
  step.transitions.push_back(about_blindness(state, now, true));
  return step;
}

}  // namespace deadcalm::evaluator
