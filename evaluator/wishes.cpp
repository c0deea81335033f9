#include "evaluator/wishes.h"

#include <algorithm>
#include <utility>

#include "evaluator/alarm.h"
#include "evaluator/confirmation.h"
#include "evaluator/incident.h"
#include "evaluator/own.h"

namespace deadcalm::evaluator {
namespace {

using Kind = ProbeRef::Kind;

bool in_doubt(const Streaks& streaks) {
  return streaks.loss.looks > 0 || streaks.hard.looks > 0 || streaks.soft.looks > 0 ||
         !streaks.waiting.empty();
}

// Looking more often is worth it where each look decides. Not on a throttled backend, which it would make
// worse, and not where time decides (stale clients, silence).
bool worth_rechecking(const Judgement& judged) {
  switch (judged.ruling.alarm_class) {
    case model::AlarmClass::loss: return !judged.minor_loss;
    case model::AlarmClass::hard: return true;
    case model::AlarmClass::soft:
      return judged.signals().write != model::Write::throttle &&
             (judged.ruling.row != 13 || judged.signals().read_back == model::ReadBack::fail);
    default: return false;
  }
}

SteadyTime next_recheck(const Context& c, ProbeRef probe) {
  const std::size_t i = probe.place;
  return probe.kind == Kind::write
             ? c.state.writes[i].started.steady + recheck_spacing(c.policy, c.policy.writes[i])
             : c.state.views[i].started.steady + recheck_spacing(c.policy, c.policy.views[i]);
}

std::vector<ProbeRef> to_recheck(const Context& c) {
  std::vector<ProbeRef> probes;
  const auto add = [&](ProbeRef probe) {
    if (probe.kind == Kind::write && c.state.writes_paused) return;
    if (probe.kind == Kind::write || probe.kind == Kind::view) probes.push_back(probe);
  };
  if (c.judged.failing()) {
    if (c.judged.minor_loss && deciding_streak(c.state, c.judged)->looks < kLossReads) add(c.judged.decider);
    if (worth_rechecking(c.judged)) add(c.judged.decider);
  } else if (c.judged.ruling.alarm_class == model::AlarmClass::unknown) {
    // A recheck that saw nothing is worth another.
    for (std::size_t i = 0; i < c.state.writes.size(); ++i) {
      const Streaks& s = c.state.writes[i].streaks;
      if (s.hard.looks > 0 || s.loss.looks > 0) add({Kind::write, i});
    }
  }
  return probes;
}

void wish_rechecks(const Context& c, Wishes& wishes) {
  for (const ProbeRef probe : to_recheck(c)) {
    const SteadyTime at = next_recheck(c, probe);
    wishes.recheck_at = std::min(wishes.recheck_at.value_or(at), at);
    wishes.recheck.push_back(name_of(c.policy, probe));
  }
  // Beside every look at a write that fails, who else can write is counted again; once for each, however
  // long the look itself takes.
  const bool counts =
      c.policy.traffic && wishes.recheck_at && c.state.traffic.started.steady < *wishes.recheck_at;
  if (counts) wishes.recheck.push_back(c.policy.traffic->name);
}

// Keeps the earliest instant that is still to come.
void earliest(std::optional<SteadyTime>& best, std::optional<SteadyTime> at, SteadyTime now) {
  if (at && *at > now) best = std::min(best.value_or(*at), *at);
}

SteadyTime falls_silent(Instant ended, Millis interval) {
  return ended.steady + kIntervalsUntilUnknown * interval + Millis{1};
}

std::optional<SteadyTime> next_expiry(const Context& c) {
  std::optional<SteadyTime> best;
  const auto add = [&](bool looked, Instant ended, Millis interval) {
    if (looked) earliest(best, falls_silent(ended, interval), c.now.steady);
  };
  const ServiceState& s = c.state;
  for (std::size_t i = 0; i < s.writes.size(); ++i)
    add(s.writes[i].looked, s.writes[i].ended, c.policy.writes[i].interval);
  for (std::size_t i = 0; i < s.views.size(); ++i)
    add(s.views[i].looked, s.views[i].ended, c.policy.views[i].interval);
  if (c.policy.beacons) add(s.beacons.looked, s.beacons.ended, c.policy.beacons->interval);
  if (c.policy.traffic) add(s.traffic.looked, s.traffic.ended, c.policy.traffic->interval);
  return best;
}

std::optional<SteadyTime> wake_at(const Context& c) {
  std::optional<SteadyTime> best = next_expiry(c);
  const SteadyTime now = c.now.steady;
  earliest(best, unknown_due(c.policy, c.state), now);
  earliest(best, stale_due(c.policy, c.state, c.judged), now);
  earliest(best, label_due(c), now);
  earliest(best, c.state.reset_expected_until, now);
  if (c.judged.reading.lag.next_behind) earliest(best, *c.judged.reading.lag.next_behind + Millis{1}, now);
  const bool paging = c.state.incident && c.state.incident->label.alarm == model::Alarm::page;
  if (!paging) earliest(best, alarm_rises_at(c.policy, c.state, c.judged, now), now);
  for (const WriteState& write : c.state.writes) {
    if (write.throttled_since) earliest(best, *write.throttled_since + kThrottledIsDown, now);
  }
  return best;
}

}  // namespace

bool first_doubt(const ServiceState& state, const Noticed& noticed) {
  const Streaks* streaks = streaks_of(state, noticed.probe);
  return noticed.trouble.any() && streaks != nullptr && !in_doubt(*streaks);
}

Wishes wishes_of(const Context& c, const std::optional<Noticed>& noticed, bool first) {
  Wishes wishes;
  if (c.state.frozen_since) return wishes;  // anchors are looked at anyway; nothing else can be learnt
  if (noticed && noticed->trouble.any()) {
    const Streaks* streaks = streaks_of(std::as_const(c.state), noticed->probe);
    const bool waits = c.policy.has_anchors && streaks != nullptr && !streaks->waiting.empty();
    wishes.anchor_look = first || waits;
    wishes.view_looks = first && !noticed->trouble.setup && noticed->probe.kind != Kind::traffic;
  }
  wish_rechecks(c, wishes);
  wishes.wake_at = wake_at(c);
  return wishes;
}

}  // namespace deadcalm::evaluator
