#include "evaluator/confirmation.h"

#include <algorithm>

namespace deadcalm::evaluator {
namespace {

using model::AlarmClass;

void reset(Streaks& streaks) {
  for (Streak* streak : {&streaks.loss, &streaks.hard, &streaks.soft, &streaks.impaired}) streak->reset();
  streaks.waiting.clear();
}

void add(Streaks& streaks, const FailedLook& look) {
  if (look.trouble.loss) streaks.loss.count(look.started);
  if (look.trouble.hard) streaks.hard.count(look.started);
  if (look.trouble.soft) streaks.soft.count(look.started);
  if (look.trouble.impaired) streaks.impaired.count(look.started);
}

bool vouched_for(const Policy& policy, const ServiceState& state, const FailedLook& look) {
  return !policy.has_anchors || (state.anchor_ok_started && *state.anchor_ok_started >= look.started.steady);
}

void wait_for_anchor(Streaks& streaks, const FailedLook& look) {
  if (streaks.waiting.size() == kMostWaiting) {
    streaks.waiting.erase(streaks.waiting.begin() + 1);  // the first tells since when
  }
  streaks.waiting.push_back(look);
}

// Counts what the anchors now vouch for, oldest first. True if a probe that never worked is certain to fail.
bool count_waiting(const Policy& policy, const ServiceState& state, Streaks& streaks) {
  bool setup = false;
  std::erase_if(streaks.waiting, [&](const FailedLook& look) {
    if (!vouched_for(policy, state, look)) return false;
    add(streaks, look);
    setup = setup || look.trouble.setup;
    return true;
  });
  return setup;
}

template <class Visit>
void for_each_probe(ServiceState& state, Visit visit) {
  for (std::size_t i = 0; i < state.writes.size(); ++i) visit(ProbeRef{ProbeRef::Kind::write, i});
  for (std::size_t i = 0; i < state.views.size(); ++i) visit(ProbeRef{ProbeRef::Kind::view, i});
  visit(ProbeRef{ProbeRef::Kind::traffic});
}

void end_streaks(Streaks& streaks, const Noticed& noticed) {
  if (noticed.after_hole) reset(streaks);
  if (noticed.ends_loss) streaks.loss.reset();
  if (noticed.ends_hard) streaks.hard.reset();
  if (noticed.ends_soft) streaks.soft.reset();
  if (noticed.ends_impaired) streaks.impaired.reset();
  if (noticed.good) streaks.waiting.clear();
}

}  // namespace

std::vector<ProbeRef> count(const Policy& policy, ServiceState& state, const Noticed& noticed) {
  std::vector<ProbeRef> certain;
  if (noticed.anchor) {
    for_each_probe(state, [&](ProbeRef probe) {
      if (count_waiting(policy, state, *streaks_of(state, probe))) certain.push_back(probe);
    });
    return certain;
  }
  Streaks* streaks = streaks_of(state, noticed.probe);
  if (streaks == nullptr) return certain;
  end_streaks(*streaks, noticed);
  if (noticed.trouble.any()) wait_for_anchor(*streaks, {noticed.started, noticed.trouble});
  if (count_waiting(policy, state, *streaks)) certain.push_back(noticed.probe);
  return certain;
}

int rank(AlarmClass alarm_class) {
  switch (alarm_class) {
    case AlarmClass::loss: return 5;
    case AlarmClass::hard: return 4;
    case AlarmClass::stale: return 3;
    case AlarmClass::silence: return 2;
    case AlarmClass::soft: return 1;
    default: return 0;
  }
}

int rank(const Label& label) {
  return rank(label.minor_loss ? AlarmClass::soft : label.alarm_class);
}

const Streak* deciding_streak(const ServiceState& state, const Judgement& judged) {
  const Streaks* streaks = streaks_of(state, judged.decider);
  if (streaks == nullptr) return nullptr;
  switch (judged.ruling.alarm_class) {
    case AlarmClass::loss: return &streaks->loss;
    case AlarmClass::hard: return &streaks->hard;
    case AlarmClass::silence:
    case AlarmClass::soft: return &streaks->soft;
    default: return nullptr;
  }
}

Millis failing_for(const Policy& policy, const ServiceState& state, SteadyTime now) {
  const bool deploying = state.deploy_until && now < *state.deploy_until;
  return deploying ? std::max(policy.for_, kForWhileDeploying) : policy.for_;
}

bool long_enough(const Policy& policy, const ServiceState& state, const Streak& hard, SteadyTime now) {
  return hard.looks >= policy.failure_threshold && hard.lasted >= failing_for(policy, state, now);
}

std::optional<SteadyTime> stale_due(const Policy& policy, const ServiceState& state,
                                    const Judgement& judged) {
  const auto since = trouble_since(state, judged);
  if (judged.ruling.alarm_class != AlarmClass::stale || !since) return std::nullopt;
  return since->steady + 2 * stale_limit(policy, state);
}

std::optional<Instant> trouble_since(const ServiceState& state, const Judgement& judged) {
  if (judged.ruling.alarm_class == AlarmClass::stale) {
    return judged.signals().lag == model::Lag::behind ? state.behind_since : state.beacons_high_since;
  }
  const Streak* streak = deciding_streak(state, judged);
  if (streak != nullptr && streak->looks > 0) return streak->first;
  const Streaks* streaks = streaks_of(state, judged.decider);
  if (streaks != nullptr && !streaks->waiting.empty()) return streaks->waiting.front().started;
  return std::nullopt;
}

bool is_confirmed(const Policy& policy, const ServiceState& state, const Judgement& judged, SteadyTime now) {
  if (judged.ruling.alarm_class == AlarmClass::stale) {
    const auto due = stale_due(policy, state, judged);
    return due && now >= *due;
  }
  const Streak* streak = deciding_streak(state, judged);
  if (streak == nullptr) return false;
  switch (judged.ruling.alarm_class) {
    case AlarmClass::loss: return streak->looks >= kLossReads && streak->lasted >= policy.loss_recheck;
    case AlarmClass::hard: return long_enough(policy, state, *streak, now);
    case AlarmClass::silence: return streak->looks >= 1;
    case AlarmClass::soft: return streak->looks >= kSoftLooks;
    default: return false;
  }
}

void follow_staleness(const Policy& policy, ServiceState& state, const Judgement& judged, Instant now) {
  const LagReading& lag = judged.reading.lag;
  if (lag.lag == model::Lag::behind && !state.behind_since) {
    const Millis before = now.steady - lag.since.value_or(now.steady);
    state.behind_since = now + -before;
  }
  if (lag.lag == model::Lag::ok || !measures_freshness(state)) state.behind_since.reset();
  const model::Beacons beacons = judged.signals().beacons;
  if (beacons == model::Beacons::high && !state.beacons_high_since) {
    state.beacons_high_since = state.beacons.started;
  }
  if (beacons == model::Beacons::low || !policy.beacons) state.beacons_high_since.reset();
}

}  // namespace deadcalm::evaluator
