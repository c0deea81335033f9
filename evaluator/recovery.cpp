#include "evaluator/recovery.h"

#include <algorithm>

#include "evaluator/confirmation.h"
#include "evaluator/flapping.h"
#include "evaluator/incident.h"

namespace deadcalm::evaluator {
namespace {

using model::AlarmClass;
using model::Beacons;

int rank(const Trouble& trouble) {
  if (trouble.hard) return evaluator::rank(trouble.loss ? AlarmClass::loss : AlarmClass::hard);
  return trouble.any() ? evaluator::rank(AlarmClass::soft) : 0;
}

bool enough(const Policy& policy, const ServiceState& state, const Streak& streak) {
  return streak.looks >= good_looks_needed(policy, state) &&
         streak.lasted >= state.recovery_factor * policy.recover_for;
}

void fall_back(Context& c, OpenIncident& incident) {
  if (incident.well.looks > 0) {
    note_change(c.state, c.now.steady);
    if (is_flapping(c.state, c.now.steady) && c.state.recovery_factor == 1) {
      set_recovery_factor(c.state, c.now.steady);
    }
  }
  incident.well.reset();
}

// What the table still complains about does not belong to this incident any more.
bool table_is_content(const Context& c, const OpenIncident& incident) {
  const Ruling& ruling = c.judged.ruling;
  if (ruling.row == 16) return true;
  // Silence after an outage has an incident of its own: it says nothing about whether writes work again.
  return ruling.row == 15 && evaluator::rank(incident.label) > evaluator::rank(AlarmClass::silence);
}

// A backend is not back until clients get its data and their outboxes drain.
bool sources_are_good(const Context& c, const OpenIncident& incident) {
  const model::Signals& s = c.judged.signals();
  const bool views_armed = std::ranges::any_of(c.state.views, &ViewState::armed);
  if (views_armed && s.client != model::Client::ok) return false;
  if (measures_freshness(c.state) && c.policy.has_write()) {
    if (s.lag != model::Lag::ok || s.age != model::Age::fresh) return false;
  }
  if (!c.policy.beacons) return true;
  return incident.beacons_were_high ? s.beacons == Beacons::low : s.beacons != Beacons::high;
}

void resolve(Context& c, const OpenIncident& incident) {
  const Label last = incident.label;
  const ProbeRef probe = find_probe(c.policy, last.probe);
  model::Transition over{.subject = service_subject(c.policy),
                         .at = c.now,
                         .from = last.verdict,
                         .to = model::Verdict::healthy,
                         .masked = model::Masked::no,
                         .alarm_class = last.alarm_class,
                         .alarm = model::Alarm::none,
                         .severity = model::Severity::info,
                         .reason = model::Reason::recovered,
                         .row = c.judged.ruling.row,
                         .evidence = evidence_of(c, probe)};
  c.out.push_back(std::move(over));
  c.state.incident.reset();
  c.state.said = model::Verdict::healthy;
  note_change(c.state, c.now.steady);
}

// An outage beside a single missing rung is over; the rung is still missing.
void back_to_loss(Context& c, OpenIncident& incident) {
  Label label = incident.label;
  label.verdict = model::Verdict::data_loss;
  label.alarm_class = AlarmClass::loss;
  label.masked = model::Masked::no;
  label.row = 2;
  label.minor_loss = true;
  set_label(c, incident, label);
}

}  // namespace

int good_looks_needed(const Policy& policy, const ServiceState& state) {
  return state.recovery_factor * policy.success_threshold;
}

bool calmed_down(const Policy& policy, const ServiceState& state, const OpenIncident& incident) {
  return enough(policy, state, incident.calm);
}

void count_recovery(Context& c, OpenIncident& incident, const Noticed& noticed) {
  if (c.judged.signals().beacons == Beacons::high) incident.beacons_were_high = true;
  const int class_rank = evaluator::rank(incident.label);
  const bool own_probe = name_of(c.policy, noticed.probe) == incident.label.probe;
  if (own_probe && noticed.after_hole) {
    incident.well.reset();
    incident.calm.reset();
  }
  // Silent traffic is no failure of what recovers, unless the incident is about silence.
  const bool beside = noticed.probe.kind == ProbeRef::Kind::traffic && !own_probe;
  if (noticed.trouble.any() && !noticed.trouble.setup && !beside) {
    fall_back(c, incident);
    if (rank(noticed.trouble) >= class_rank) {
      incident.calm.reset();
    } else if (own_probe) {
      incident.calm.count(noticed.started);
    }
    return;
  }
  if (!own_probe || !noticed.good) return;
  if (c.judged.failing() && evaluator::rank(c.judged.ruling.alarm_class) >= class_rank) {
    fall_back(c, incident);
    incident.calm.reset();
    return;
  }
  incident.well.count(noticed.started);
  incident.calm.count(noticed.started);
}

void recover_if_over(Context& c, OpenIncident& incident) {
  if (!enough(c.policy, c.state, incident.well) || !table_is_content(c, incident)) return;
  if (!sources_are_good(c, incident)) return;
  if (!incident.loss) {
    resolve(c, incident);
  } else if (incident.label.alarm_class != AlarmClass::loss) {
    back_to_loss(c, incident);
  }
}

}  // namespace deadcalm::evaluator
