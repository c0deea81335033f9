#include "evaluator/alarm.h"

#include "evaluator/confirmation.h"
#include "evaluator/remember.h"

namespace deadcalm::evaluator {
namespace {

using model::Alarm;
using model::AlarmClass;
using model::Severity;
using model::Verdict;

// A notice that becomes a page when `streak` is older than `limit`.
struct Limit {
  const Streak* streak = nullptr;
  Millis limit{};
};

Limit limit_of(const ServiceState& state, const Judgement& judged) {
  const Streaks* streaks = streaks_of(state, judged.decider);
  if (streaks == nullptr) return {};
  switch (judged.ruling.row) {
    case 4: return {&streaks->hard, kDisputedPages};
    case 5: return {&streaks->hard, kContractPages};
    case 13: return {&streaks->impaired, kImpairedPages};
    default: return {};
  }
}

// When the last verified write will be two intervals old; nullopt if silence does not ask for that: no
// write probe, or none that ever worked.
std::optional<SteadyTime> unverified_at(const Policy& policy, const ServiceState& state) {
  std::optional<SteadyTime> latest;
  for (std::size_t i = 0; i < state.writes.size(); ++i) {
    const WriteState& w = state.writes[i];
    if (!w.armed) continue;
    const SteadyTime good = w.last_good ? w.last_good->steady : SteadyTime::min();
    const SteadyTime due = good + kUnverifiedIntervals * policy.writes[i].interval;
    latest = std::max(latest.value_or(due), due);
  }
  return latest;
}

Alarm silence_alarm(const Policy& policy, const ServiceState& state, SteadyTime now) {
  if (policy.on_silence_page) return Alarm::page;
  const auto unverified = unverified_at(policy, state);
  return unverified && now >= *unverified ? Alarm::page : Alarm::notify;
}

}  // namespace

Alarm alarm_of(const Policy& policy, const ServiceState& state, const Judgement& judged, SteadyTime now) {
  switch (judged.ruling.alarm_class) {
    case AlarmClass::loss: return judged.minor_loss ? Alarm::notify : Alarm::page;
    case AlarmClass::hard:
    case AlarmClass::stale: return Alarm::page;
    case AlarmClass::silence: return silence_alarm(policy, state, now);
    case AlarmClass::soft: break;
    default: return Alarm::none;
  }
  const Limit limit = limit_of(state, judged);
  if (limit.streak == nullptr || limit.streak->looks == 0) return Alarm::notify;
  if (limit.streak->age(now) >= limit.limit) return Alarm::page;
  // Nobody can write: as sure as a hard outage once it has lasted as long.
  const bool nobody_writes = judged.ruling.row == 5 && judged.signals().traffic == model::Traffic::silent;
  return nobody_writes && long_enough(policy, state, *limit.streak, now) ? Alarm::page : Alarm::notify;
}

Severity severity_of(const Judgement& judged, Alarm alarm) {
  const Ruling& ruling = judged.ruling;
  if (judged.minor_loss) return Severity::warning;
  if (ruling.masked == model::Masked::yes || ruling.row == 2 || ruling.row == 9) return Severity::critical;
  if (alarm == Alarm::page) return Severity::error;
  return alarm == Alarm::notify ? Severity::warning : Severity::info;
}

std::optional<SteadyTime> alarm_rises_at(const Policy& policy, const ServiceState& state,
                                         const Judgement& judged, SteadyTime now) {
  if (judged.ruling.alarm_class == AlarmClass::silence) return unverified_at(policy, state);
  const Limit limit = limit_of(state, judged);
  if (limit.streak == nullptr || limit.streak->looks == 0) return std::nullopt;
  return now + (limit.limit - limit.streak->age(now));
}

}  // namespace deadcalm::evaluator
