#include "evaluator/own.h"

#include <algorithm>

#include "model/duration.h"

namespace deadcalm::evaluator {
namespace {

constexpr Millis kCredentialNotice = std::chrono::days{7};

using model::Alarm;
using model::AlarmClass;
using model::Reason;
using model::Severity;
using model::Transition;
using model::Verdict;

Transition about(const Context& c, ProbeRef probe, Reason reason, Verdict from, Verdict to) {
  Transition t;
  t.subject = service_subject(c.policy);
  t.at = c.now;
  t.from = from;
  t.to = to;
  t.reason = reason;
  t.row = c.judged.ruling.row;
  t.evidence = evidence_of(c, probe);
  return t;
}

bool& setup_told(ServiceState& state, ProbeRef probe) {
  return probe.kind == ProbeRef::Kind::write ? state.writes[probe.place].setup_told
                                             : state.views[probe.place].setup_told;
}

Millis slowest_interval(const Policy& policy) {
  Millis slowest{};
  for (const WriteProbe& write : policy.writes) slowest = std::max(slowest, write.interval);
  if (slowest > Millis{}) return slowest;
  for (const ViewProbe& view : policy.views) slowest = std::max(slowest, view.interval);
  if (policy.beacons) slowest = std::max(slowest, policy.beacons->interval);
  if (policy.traffic) slowest = std::max(slowest, policy.traffic->interval);
  return slowest;
}

// Somebody was told already why we cannot judge.
bool explained(const ServiceState& state) {
  if (state.writes_paused) return true;
  if (state.incident && state.incident->label.alarm == Alarm::page) return true;
  // Checks alone that have never worked: a new job has not run yet, or the set-up notice has told it.
  const auto armed = [](const ViewState& v) { return v.armed; };
  if (state.writes.empty() && !state.views.empty() && std::ranges::none_of(state.views, armed)) return true;
  return std::ranges::any_of(state.writes, [](const WriteState& w) { return !w.armed && w.setup_told; });
}

void end_unknown(Context& c) {
  c.state.unknown_since.reset();
  if (!c.state.unknown_told) return;
  c.state.unknown_told = false;
  Transition t = about(c, c.judged.decider, Reason::recovered, Verdict::unknown, Verdict::healthy);
  t.subject = own_subject("unknown", c.policy);
  t.alarm_class = AlarmClass::unknown;
  c.out.push_back(std::move(t));
}

}  // namespace

void tell_setup(Context& c, ProbeRef probe) {
  bool& told = setup_told(c.state, probe);
  if (told) return;
  told = true;
  Transition t = about(c, probe, Reason::setup, c.state.said, Verdict::unknown);
  t.alarm = Alarm::notify;
  t.severity = Severity::warning;
  t.evidence.tries = 1;
  c.out.push_back(std::move(t));
}

void tell_first_proof(Context& c, ProbeRef probe) {
  Transition t = about(c, probe, Reason::first_proof, c.state.said, Verdict::healthy);
  t.masked = model::Masked::no;
  t.alarm = Alarm::notify;
  c.out.push_back(std::move(t));
}

std::optional<SteadyTime> unknown_due(const Policy& policy, const ServiceState& state) {
  if (!state.unknown_since || state.unknown_told || explained(state)) return std::nullopt;
  return state.unknown_since->steady + kIntervalsUntilUnknown * slowest_interval(policy);
}

void follow_unknown(Context& c) {
  if (c.judged.ruling.alarm_class != AlarmClass::unknown || c.state.writes_paused) return end_unknown(c);
  if (!c.state.unknown_since) c.state.unknown_since = c.now;
  const auto due = unknown_due(c.policy, c.state);
  if (!due || c.now.steady < *due) return;
  c.state.unknown_told = true;
  Transition t = about(c, c.judged.decider, Reason::confirmed, c.state.said, Verdict::unknown);
  t.subject = own_subject("unknown", c.policy);
  t.alarm_class = AlarmClass::unknown;
  t.alarm = Alarm::page;
  t.severity = Severity::error;
  t.evidence.since = c.state.unknown_since->wall;
  c.out.push_back(std::move(t));
}

void follow_clone(Context& c, const Noticed& noticed) {
  if (noticed.foreign) {
    c.state.looks_without_clone = 0;
    if (c.state.clone_told) return;
    c.state.clone_told = true;
    Transition t = about(c, noticed.probe, Reason::confirmed, c.state.said, Verdict::unknown);
    t.subject = own_subject("clone", c.policy);
    t.alarm_class = AlarmClass::unknown;
    t.alarm = Alarm::notify;
    t.severity = Severity::error;
    c.out.push_back(std::move(t));
    return;
  }
  const bool verified = noticed.probe.kind == ProbeRef::Kind::write && noticed.good;
  if (!c.state.clone_told || !verified) return;
  if (++c.state.looks_without_clone < c.policy.success_threshold) return;
  c.state.clone_told = false;
  c.state.looks_without_clone = 0;
  Transition t = about(c, noticed.probe, Reason::recovered, Verdict::unknown, Verdict::healthy);
  t.subject = own_subject("clone", c.policy);
  t.alarm_class = AlarmClass::unknown;
  c.out.push_back(std::move(t));
}

void follow_credential(Context& c, const Noticed& noticed) {
  if (noticed.probe.kind != ProbeRef::Kind::write || noticed.anchor) return;
  const WriteState* next = nullptr;
  ProbeRef probe = noticed.probe;
  for (std::size_t i = 0; i < c.state.writes.size(); ++i) {
    const WriteState& write = c.state.writes[i];
    if (!write.credential_ends || (next != nullptr && *next->credential_ends <= *write.credential_ends))
      continue;
    next = &write;
    probe.place = i;
  }
  const bool due = next != nullptr && *next->credential_ends - c.now.wall <= kCredentialNotice;
  if (due == c.state.credential_told) return;
  c.state.credential_told = due;
  Transition t = due ? about(c, probe, Reason::confirmed, c.state.said, Verdict::unknown)
                     : about(c, probe, Reason::recovered, Verdict::unknown, Verdict::healthy);
  t.subject = own_subject("credential", c.policy);
  t.alarm_class = AlarmClass::unknown;
  if (due) {
    t.alarm = Alarm::notify;
    t.severity = Severity::warning;
    t.evidence.since = c.now.wall;
    t.evidence.detail = model::rfc3339(*next->credential_ends);
  }
  c.out.push_back(std::move(t));
}

}  // namespace deadcalm::evaluator
