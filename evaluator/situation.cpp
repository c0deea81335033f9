#include <algorithm>

#include "evaluator/confirmation.h"
#include "evaluator/evaluate.h"
#include "evaluator/flapping.h"
#include "evaluator/recovery.h"
#include "evaluator/remember.h"

namespace deadcalm::evaluator {
namespace {

using model::AlarmClass;
using model::Verdict;

bool in_doubt(const Streaks& streaks) {
  return streaks.hard.looks + streaks.soft.looks + streaks.loss.looks > 0 || !streaks.waiting.empty();
}

bool any_doubt(const ServiceState& state) {
  return std::ranges::any_of(state.writes,
                             [](const WriteState& w) { return w.armed && in_doubt(w.streaks); }) ||
         std::ranges::any_of(state.views, [](const ViewState& v) { return v.armed && in_doubt(v.streaks); });
}

Phase phase_of(const ServiceState& state, const Judgement& judged) {
  if (state.incident) return state.incident->well.looks > 0 ? Phase::recovering : Phase::confirmed;
  return judged.failing() || any_doubt(state) ? Phase::suspect : Phase::ok;
}

int looks_needed(const Policy& policy, AlarmClass alarm_class) {
  switch (alarm_class) {
    case AlarmClass::loss: return kLossReads;
    case AlarmClass::hard: return policy.failure_threshold;
    case AlarmClass::soft: return kSoftLooks;
    case AlarmClass::silence: return 1;
    default: return 0;
  }
}

void add_word(const ServiceState& state, const Judgement& judged, Situation& s) {
  s.verdict = state.said;
  s.masked = state.said == Verdict::healthy ? model::Masked::no : model::Masked::unknown;
  if (state.incident) {
    const Label& label = state.incident->label;
    s.verdict = label.verdict;
    s.masked = label.masked;
    s.alarm = label.alarm;
    s.severity = label.severity;
  } else if (s.blind) {
    s.verdict = Verdict::monitor_blind;
    s.masked = model::Masked::unknown;
  } else if (judged.ruling.alarm_class == AlarmClass::unknown) {
    s.verdict = Verdict::unknown;
    s.masked = model::Masked::unknown;
  }
}

void add_counts(const Policy& policy, const ServiceState& state, const Judgement& judged, Situation& s) {
  if (const Streak* streak = deciding_streak(state, judged)) s.failed_looks = streak->looks;
  s.failed_looks_needed = looks_needed(policy, judged.ruling.alarm_class);
  s.good_looks_needed = good_looks_needed(policy, state);
  if (state.incident) {
    s.good_looks = state.incident->well.looks;
    s.since = state.incident->since.wall;
  } else if (const auto since = trouble_since(state, judged); since && judged.failing()) {
    s.since = since->wall;
  }
}

}  // namespace

Situation situation(const Policy& policy, const ServiceState& state, model::Instant now) {
  ServiceState placed = state;
  keep_places(policy, placed);
  const Judgement judged = judge(policy, placed, now.steady);
  Situation s;
  s.signals = judged.signals();
  s.ruling = judged.ruling;
  s.phase = phase_of(placed, judged);
  s.blind = judged.ruling.alarm_class == AlarmClass::blind;
  s.probe = name_of(policy, judged.decider);
  add_word(placed, judged, s);
  add_counts(policy, placed, judged, s);
  for (const WriteState& write : placed.writes) {
    s.armed = s.armed || write.armed;
    if (write.last_good)
      s.last_good = std::max(s.last_good.value_or(write.last_good->wall), write.last_good->wall);
  }
  if (policy.has_view()) s.stale_limit = stale_limit(policy, placed);
  s.client_data_age = client_data_age(policy, placed, now.steady);
  s.flapping = is_flapping(placed, now.steady);
  s.truth_measured = policy.has_write();
  s.view_measured = policy.has_view();
  return s;
}

}  // namespace deadcalm::evaluator
