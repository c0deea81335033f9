#include "alerting/incident_machine.h"

#include <algorithm>

namespace deadcalm::alerting {
namespace {

using model::Alarm;
using model::Command;
using model::CommandKind;
using model::Reason;
using model::Transition;
using model::WallTime;

constexpr std::string_view kChannel = "channel/";

// One decision in the making.
struct Desk {
  const Routes& routes;
  const std::optional<Silence>& silence;
  WallTime now;
  Incident i;
  std::vector<Order> orders;

  bool silenced() const { return !i.subject.own && is_active(silence, now); }
};

model::Millis lease(const Incident& incident) {
  return incident.severity == model::Severity::critical ? kAckCritical : kAckOther;
}

void tell(Desk& d, const std::vector<std::string>& channels, PageKind kind, Occasion occasion) {
  if (channels.empty()) return;
  ++d.i.round;
  for (const std::string& channel : channels) {
    d.orders.push_back({channel, kind, occasion, d.i.round});
    const bool owed = std::ranges::find(d.i.told, channel) != d.i.told.end();
    if (kind == PageKind::trigger && !owed) d.i.told.push_back(channel);
    if (kind == PageKind::trigger) std::erase(d.i.refused, channel);
  }
}

// What comes after the step that was just told. Nobody heard an empty one, so nobody is waited for.
void plan_next(Desk& d, bool somebody_told) {
  const Plan& plan = d.i.plan;
  const auto next = static_cast<std::size_t>(d.i.next_step);
  d.i.next_step_at.reset();
  if (next < plan.steps.size()) {
    d.i.next_step_at = somebody_told ? d.now + plan.steps[next].after : d.now;
  } else if (plan.repeat_every && *plan.repeat_every > model::Millis{0} && !plan.last_resort.empty()) {
    d.i.next_step_at = somebody_told ? d.now + *plan.repeat_every : d.now;
  }
}

void run_due_steps(Desk& d, Occasion occasion) {
  while (d.i.next_step_at && *d.i.next_step_at <= d.now) {
    if (d.silenced()) {
      d.i.held = true;
      d.i.next_step_at.reset();
      return;
    }
    const auto step = static_cast<std::size_t>(d.i.next_step);
    const bool last = step >= d.i.plan.steps.size();
    const std::vector<std::string> to = last ? d.i.plan.last_resort : d.i.plan.steps[step].to;
    tell(d, to, PageKind::trigger, step > d.i.plan.steps.size() ? Occasion::repeated : occasion);
    if (step <= d.i.plan.steps.size()) ++d.i.next_step;
    plan_next(d, !to.empty());
    if (!to.empty()) occasion = Occasion::escalated;
  }
}

void start_over(Desk& d, Occasion occasion) {
  d.i.held = false;
  d.i.acked_by.clear();
  d.i.ack_until.reset();
  d.i.next_step = 0;
  d.i.next_step_at.reset();
  if (!d.i.plan.steps.empty()) d.i.next_step_at = d.now + d.i.plan.steps.front().after;
  run_due_steps(d, occasion);
}

// A dead channel hears nothing about its own death.
void make_plan(Desk& d) {
  std::vector<std::string> without;
  if (d.i.subject.own && d.i.subject.name.starts_with(kChannel)) {
    without.push_back(d.i.subject.name.substr(kChannel.size()));
  }
  d.i.plan = plan_for(d.routes, d.i.subject, d.i.alarm, without);
}

void take_label(Incident& i, const Transition& t, WallTime now) {
  i.verdict = t.to;
  i.masked = t.masked;
  i.severity = t.severity;
  i.evidence = t.evidence;
  if (i.evidence.since == WallTime{}) i.evidence.since = now;
  i.alarm = std::max(i.alarm, t.alarm);
}

void open(Desk& d, const Transition& t, int generation) {
  d.i = Incident{};
  d.i.subject = subject_for(t);
  d.i.generation = generation;
  d.i.opened_at = d.now;
  take_label(d.i, t, d.now);
  make_plan(d);
  start_over(d, Occasion::opened);
}

void close(Desk& d, const std::string& by) {
  d.i.open = false;
  d.i.resolved_at = d.now;
  d.i.resolved_by = by;
  d.i.ack_until.reset();
  d.i.next_step_at.reset();
  d.i.held = false;
  tell(d, d.i.told, PageKind::resolve, Occasion::opened);
}

// An open incident hears more about its trouble.
void carry_on(Desk& d, const Transition& t) {
  const Incident before = d.i;
  take_label(d.i, t, d.now);
  if (d.i.alarm > before.alarm || t.reason == Reason::alarm_rose) {
    make_plan(d);
    start_over(d, Occasion::rose);
    return;
  }
  const bool says_more =
      d.i.verdict != before.verdict || d.i.masked != before.masked || d.i.severity != before.severity;
  if (says_more && !d.silenced()) tell(d, d.i.told, PageKind::update, Occasion::opened);
}

bool is_well(const Transition& t) {
  return t.reason == Reason::first_proof || (t.alarm == Alarm::none && t.to == model::Verdict::healthy);
}

Change hear(Desk& d, const std::optional<Incident>& latest, const Transition& t) {
  const bool is_open = latest && latest->open;
  if (is_well(t)) {
    if (is_open) {
      close(d, {});
    } else if (latest && latest->reopen_at) {
      d.i.reopen_at.reset();
    } else {
      return {};
    }
  } else if (t.alarm == Alarm::none) {
    return {};  // unknown never resolves anything
  } else if (is_open) {
    carry_on(d, t);
  } else {
    open(d, t, latest ? latest->generation + 1 : 1);
  }
  return {std::move(d.i), std::move(d.orders)};
}

// A person closed it, the lease is over, and nothing has got well since.
void reopen(Desk& d) {
  Incident next;
  next.subject = d.i.subject;
  next.generation = d.i.generation + 1;
  next.verdict = d.i.verdict;
  next.masked = d.i.masked;
  next.alarm = d.i.alarm;
  next.severity = d.i.severity;
  next.evidence = d.i.evidence;
  next.opened_at = d.now;
  d.i = std::move(next);
  make_plan(d);
  start_over(d, Occasion::reopened);
}

Change wake(Desk& d, const std::optional<Incident>& latest) {
  if (!latest) return {};
  const auto due = next_wake(*latest, d.silence);
  if (!due || *due > d.now) return {};
  if (!latest->open) {
    reopen(d);
  } else if (latest->ack_until) {
    start_over(d, Occasion::ack_lapsed);
  } else if (latest->held) {
    start_over(d, Occasion::silence_ended);
  } else {
    run_due_steps(d, Occasion::escalated);
  }
  return {std::move(d.i), std::move(d.orders)};
}

Change obey(Desk& d, const std::optional<Incident>& latest, const Command& command) {
  if (!latest || !latest->open || refusal(command) || !names(command, latest->subject)) return {};
  const std::string author = command.author.empty() ? "somebody" : command.author;
  switch (command.kind) {
    case CommandKind::acknowledge:
      d.i.acked_by = author;
      d.i.ack_until = d.now + lease(d.i);
      d.i.next_step_at.reset();
      tell(d, d.i.told, PageKind::acknowledge, Occasion::opened);
      break;
    case CommandKind::resolve:
      // Nobody measures whether a channel works, so that one stays closed.
      if (!d.i.subject.own || !d.i.subject.name.starts_with(kChannel)) d.i.reopen_at = d.now + lease(d.i);
      close(d, author);
      break;
    case CommandKind::silence:
    case CommandKind::maintenance_start:
      if (!d.silenced()) return {};
      d.i.held = true;
      d.i.next_step_at.reset();
      break;
    case CommandKind::unsilence:
    case CommandKind::maintenance_end: return wake(d, latest);
    default: return {};
  }
  return {std::move(d.i), std::move(d.orders)};
}

}  // namespace

model::Subject subject_for(const Transition& t) {
  if (t.reason != Reason::setup && t.reason != Reason::first_proof) return t.subject;
  return {true, "setup/" + t.subject.name + '/' + t.evidence.probe};
}

bool names(const Command& command, const model::Subject& subject) {
  return command.service.empty() || command.service == subject.name || command.service == service_of(subject);
}

Change decide(const Routes& routes, const std::optional<Incident>& latest,
              const std::optional<Silence>& silence, const Happening& happening, WallTime now) {
  Desk desk{routes, silence, now, latest.value_or(Incident{}), {}};
  if (const auto* transition = std::get_if<Transition>(&happening)) return hear(desk, latest, *transition);
  if (const auto* command = std::get_if<Command>(&happening)) return obey(desk, latest, *command);
  return wake(desk, latest);
}

Change fall_back(const Incident& incident, const std::vector<std::string>& channels) {
  const Routes nobody;
  const std::optional<Silence> none;
  Desk desk{nobody, none, {}, incident, {}};
  tell(desk, channels, PageKind::trigger, Occasion::fallback);
  if (!incident.open) tell(desk, channels, PageKind::resolve, Occasion::opened);
  return {std::move(desk.i), std::move(desk.orders)};
}

std::optional<WallTime> next_wake(const Incident& i, const std::optional<Silence>& silence) {
  if (!i.open) return i.reopen_at;
  if (i.ack_until) return i.ack_until;
  if (i.held) return silence && !i.subject.own ? silence->until : WallTime{};
  return i.next_step_at;
}

bool is_active(const std::optional<Silence>& silence, WallTime now) {
  return silence && silence->from <= now && now < silence->until;
}

Silence silence_of(const Command& command) {
  return {.service = command.service,
          .author = command.author,
          .reason = command.reason,
          .from = command.at,
          .until = command.until,
          .maintenance = command.kind == CommandKind::maintenance_start};
}

std::optional<std::string> refusal(const Command& command) {
  if (command.kind == CommandKind::resolve && command.service.empty()) {
    return "name the service: closing everything at once would hide the next outage in the crowd";
  }
  if (command.kind != CommandKind::silence && command.kind != CommandKind::maintenance_start) return {};
  if (command.service.empty()) return "name the service: a silence of everything would hide a real outage";
  if (command.until == WallTime{}) return "a silence needs an end";
  if (command.until <= command.at) return "the silence ends before it begins";
  if (command.until - command.at > kLongestSilence) {
    return "the silence is too long: 7 days at most, so that nobody forgets it";
  }
  return {};
}

}  // namespace deadcalm::alerting
