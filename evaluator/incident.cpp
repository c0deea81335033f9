#include "evaluator/incident.h"

#include <algorithm>

#include "evaluator/alarm.h"
#include "evaluator/confirmation.h"
#include "evaluator/flapping.h"
#include "evaluator/recovery.h"

namespace deadcalm::evaluator {
namespace {

using model::Alarm;
using model::AlarmClass;
using model::Masked;
using model::Reason;
using model::Transition;

Label label_of(const Context& c) {
  const Ruling& ruling = c.judged.ruling;
  const Alarm alarm = alarm_of(c.policy, c.state, c.judged, c.now.steady);
  return {ruling.verdict,
          ruling.masked,
          ruling.alarm_class,
          alarm,
          severity_of(c.judged, alarm),
          ruling.row,
          c.judged.minor_loss,
          name_of(c.policy, c.judged.decider)};
}

bool write_fails(int row) {
  return row >= 6 && row <= 10;
}

// The label as the incident may carry it: nothing falls, nothing known becomes unknown.
Label held_up(const OpenIncident& incident, Label label) {
  const Label& now = incident.label;
  label.alarm = std::max(label.alarm, now.alarm);
  label.severity = std::max(label.severity, now.severity);
  if (label.masked == Masked::unknown && now.masked != Masked::unknown && write_fails(label.row) &&
      write_fails(now.row)) {
    label.masked = now.masked;
    if (label.row == 10) {
      label.verdict = now.verdict;
      label.row = now.row;
    }
  }
  return label;
}

bool says_the_same(const Label& a, const Label& b) {
  return a.row == b.row && a.masked == b.masked && a.alarm == b.alarm && a.severity == b.severity &&
         a.alarm_class == b.alarm_class && a.minor_loss == b.minor_loss;
}

bool critical_loss(const Label& label) {
  return label.alarm_class == AlarmClass::loss && !label.minor_loss;
}

Reason reason_for(const OpenIncident& incident, const Label& label) {
  if (label.alarm > incident.label.alarm) return Reason::alarm_rose;
  if (critical_loss(label) && !incident.loss_critical) return Reason::alarm_rose;
  if (label.severity > incident.label.severity) return Reason::severity_rose;
  return Reason::label_changed;
}

void tell(Context& c, const Label& label, model::Verdict from, Reason reason) {
  c.out.push_back({.subject = service_subject(c.policy),
                   .at = c.now,
                   .from = from,
                   .to = label.verdict,
                   .masked = label.masked,
                   .alarm_class = label.alarm_class,
                   .alarm = label.alarm,
                   .severity = label.severity,
                   .reason = reason,
                   .row = label.row,
                   .evidence = evidence_of(c, find_probe(c.policy, label.probe))});
}

void remember_label(OpenIncident& incident, const Label& label) {
  incident.label = label;
  incident.next.reset();
  incident.loss = incident.loss || label.alarm_class == AlarmClass::loss;
  incident.loss_critical = incident.loss_critical || critical_loss(label);
}

// May the incident take over what the table says now, if only it lasts?
bool may_change_to(const Context& c, const OpenIncident& incident, const Label& label, bool confirmed) {
  const int was = rank(incident.label), is = rank(label);
  if (incident.loss_critical && !critical_loss(label)) return false;
  if (is > was) return confirmed;
  // Other signals may change the label without a count of their own, while the same probe decides.
  if (is == was) return confirmed || label.probe == incident.label.probe;
  // Our write still fails, only customers' writes turn out to go through (or the other way round).
  const bool disputed = label.row == 4 || label.row == 5;
  if (disputed && confirmed) return true;
  return calmed_down(c.policy, c.state, incident) && (confirmed || label.row == 12);
}

// A label that is no rise waits until it has lasted.
void wait_or_set(Context& c, OpenIncident& incident, const Label& label) {
  if (!incident.next || incident.next->row != label.row || incident.next->masked != label.masked) {
    incident.next_since = c.now.steady;
  }
  incident.next = label;
  if (c.now.steady - incident.next_since >= c.policy.for_) set_label(c, incident, label);
}

}  // namespace

void open_if_confirmed(Context& c) {
  if (!is_confirmed(c.policy, c.state, c.judged, c.now.steady)) return;
  OpenIncident incident;
  const Label label = label_of(c);
  incident.since = trouble_since(c.state, c.judged).value_or(c.now);
  remember_label(incident, label);
  c.state.incident = incident;
  note_change(c.state, c.now.steady);
  set_recovery_factor(c.state, c.now.steady);
  tell(c, label, c.state.said, Reason::confirmed);
  c.state.said = label.verdict;
}

void relabel(Context& c, OpenIncident& incident) {
  const bool confirmed = is_confirmed(c.policy, c.state, c.judged, c.now.steady);
  const Label fresh = label_of(c);
  const bool louder = confirmed && fresh.alarm > incident.label.alarm;
  const Label label = held_up(incident, fresh);
  if (says_the_same(incident.label, label)) {
    incident.next.reset();
    return;
  }
  if (!louder && !may_change_to(c, incident, label, confirmed)) {
    incident.next.reset();
    return;
  }
  if (louder || reason_for(incident, label) != Reason::label_changed) {
    set_label(c, incident, label);
  } else {
    wait_or_set(c, incident, label);
  }
}

void set_label(Context& c, OpenIncident& incident, const Label& label) {
  if (says_the_same(incident.label, label)) return;
  const Reason reason = reason_for(incident, label);
  const model::Verdict from = incident.label.verdict;
  if (label.probe != incident.label.probe) {  // recovery is counted in looks of the probe that decides
    incident.well.reset();
    incident.calm.reset();
  }
  remember_label(incident, label);
  tell(c, label, from, reason);
  c.state.said = label.verdict;
}

std::optional<SteadyTime> label_due(const Context& c) {
  if (!c.state.incident || !c.state.incident->next) return std::nullopt;
  return c.state.incident->next_since + c.policy.for_;
}

}  // namespace deadcalm::evaluator
