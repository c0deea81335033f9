#include "evaluator/commands.h"

namespace deadcalm::evaluator {
namespace {

using model::Command;
using model::CommandKind;

// The steady instant of a wall time, as seen from now; nullopt for "no end given".
std::optional<SteadyTime> steady_end(const Context& c, model::WallTime until) {
  if (until == model::WallTime{}) return std::nullopt;
  return c.now.steady + (until - c.now.wall);
}

void forget_loss(ServiceState& state) {
  for (WriteState& write : state.writes) {
    write.looked = false;  // the next look speaks of the new generation
    write.streaks.loss.reset();
    write.streaks.waiting.clear();
  }
}

// A person accepts what is there now as the new generation: the only end of data loss.
void accept(Context& c) {
  forget_loss(c.state);
  if (!c.state.incident || !c.state.incident->loss) return;
  OpenIncident& incident = *c.state.incident;
  if (incident.label.alarm_class != model::AlarmClass::loss) {  // an outage beside it goes on
    incident.loss = incident.loss_critical = false;
    return;
  }
  const Label last = incident.label;
  model::Transition t;
  t.subject = service_subject(c.policy);
  t.at = c.now;
  t.from = last.verdict;
  t.to = model::Verdict::healthy;
  t.masked = model::Masked::no;
  t.alarm_class = last.alarm_class;
  t.reason = model::Reason::accepted;
  t.row = c.judged.ruling.row;
  t.evidence = evidence_of(c, find_probe(c.policy, last.probe));
  c.out.push_back(std::move(t));
  c.state.incident.reset();
  c.state.said = model::Verdict::healthy;
}

void end_maintenance(Context& c) {
  if (!c.state.reset_expected) return;
  c.state.reset_expected = false;
  c.state.reset_expected_until.reset();
  accept(c);
}

void resume_writes(Context& c) {
  if (!c.state.writes_paused) return;
  c.state.writes_paused = false;
  for (WriteState& write : c.state.writes) {
    write.looked = false;
    write.answered_since.reset();
  }
}

}  // namespace

void obey(Context& c, const Command& command) {
  if (!command.service.empty() && command.service != c.policy.service) return;
  switch (command.kind) {
    case CommandKind::deploy_start:
      c.state.deploy_until = steady_end(c, command.until).value_or(c.now.steady + kDeployWithoutEnd);
      break;
    case CommandKind::maintenance_start:
      if (!command.expect_reset) break;
      c.state.reset_expected = true;
      c.state.reset_expected_until = steady_end(c, command.until);
      break;
    case CommandKind::maintenance_end: end_maintenance(c); break;
    case CommandKind::pause_writes: c.state.writes_paused = true; break;
    case CommandKind::resume_writes: resume_writes(c); break;
    case CommandKind::sentinels_accept: accept(c); break;
    case CommandKind::sentinels_drop:
      c.state.writes_paused = true;
      accept(c);
      break;
    case CommandKind::acknowledge:
    case CommandKind::resolve:
    case CommandKind::silence:
    case CommandKind::unsilence:
    case CommandKind::page_test: break;
  }
}

void end_maintenance_if_due(Context& c) {
  if (c.state.reset_expected_until && c.now.steady >= *c.state.reset_expected_until) end_maintenance(c);
}

}  // namespace deadcalm::evaluator
