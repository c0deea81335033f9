#include <algorithm>

#include "evaluator/confirmation.h"
#include "evaluator/context.h"

namespace deadcalm::evaluator {
namespace {

using model::Evidence;

void add_write(const WriteState& w, Evidence& e) {
  e.slow = w.slow;
  if (w.looked) e.cycle_time = w.cycle_time;
  e.container_gone = w.container_gone;
  e.database_still_has_it = w.database_still_has_it;
}

void add_rungs(const WriteState& w, Evidence& e) {
  e.container_gone = e.container_gone || w.container_gone;
  e.rungs_expected = w.rungs_expected;
  e.rungs_missing = w.rungs_missing;
  e.altered = w.altered;
  e.newest_surviving = w.newest_surviving;
  e.oldest_missing = w.oldest_missing;
}

// What clients get: from the failing view if one fails, else from the one with the strongest cache evidence.
void add_view(const Context& c, Evidence& e) {
  const Reading& reading = c.judged.reading;
  const auto place =
      reading.signals.client == model::Client::fail || !reading.cache ? reading.client : reading.cache;
  if (!place) return;
  const ViewState& view = c.state.views[*place];
  e.client_status = view.http_status;
  e.client_cache = view.cache;
  e.cache_evidence = view.cache_evidence;
}

void add_counts(const ServiceState& state, Evidence& e) {
  e.traffic_observed = state.traffic.observed;
  e.traffic_expected = state.traffic.expected;
  e.beacon_clients = state.beacons.clients;
  e.beacon_on_cache = state.beacons.on_cache;
  e.beacon_waiting = state.beacons.waiting;
  e.beacon_dropped = state.beacons.dropped;
}

void add_words(const Context& c, ProbeRef probe, Evidence& e) {
  e.probe = name_of(c.policy, probe);
  if (probe.kind == ProbeRef::Kind::write) {
    e.step = c.state.writes[probe.place].step;
    e.detail = c.state.writes[probe.place].detail;
  } else if (probe.kind == ProbeRef::Kind::view) {
    e.step = c.state.views[probe.place].step;
    e.detail = c.state.views[probe.place].detail;
  }
}

}  // namespace

Evidence evidence_of(const Context& c, ProbeRef probe) {
  Evidence e;
  e.signals = c.judged.signals();
  add_words(c, probe, e);
  const Reading& reading = c.judged.reading;
  const auto write = probe.kind == ProbeRef::Kind::write ? probe.place : reading.write.value_or(0);
  if (write < c.state.writes.size()) add_write(c.state.writes[write], e);
  if (reading.sentinel) add_rungs(c.state.writes[*reading.sentinel], e);
  add_view(c, e);
  add_counts(c.state, e);

  const Streak* streak = deciding_streak(c.state, c.judged);
  if (streak != nullptr) e.tries = streak->looks;
  const Instant since = trouble_since(c.state, c.judged).value_or(c.now);
  e.since = c.state.incident ? c.state.incident->since.wall : since.wall;
  // A loss found during an outage began when the record was first missed, not when the outage did.
  if (c.state.incident && c.state.incident->loss) {
    for (const WriteState& w : c.state.writes) {
      const bool decides = w.probe == c.state.incident->label.probe && w.streaks.loss.looks > 0;
      if (decides) e.since = w.streaks.loss.first.wall;
    }
  }
  // A silence began with the last commit, not with the look to which it was too long.
  const model::WallTime silent_since = c.state.traffic.window_start.wall;
  if (c.judged.ruling.row == 15 && silent_since != model::WallTime{})
    e.since = std::min(e.since, silent_since);
  for (const WriteState& w : c.state.writes) {
    if (w.last_good) e.last_good = std::max(e.last_good.value_or(w.last_good->wall), w.last_good->wall);
  }
  e.client_data_age = client_data_age(c.policy, c.state, c.now.steady);
  if (c.policy.has_view()) e.stale_limit = stale_limit(c.policy, c.state);
  e.truth_measured = c.policy.has_write();
  e.view_measured = c.policy.has_view();
  e.checks_only = c.policy.has_checks_only();
  return e;
}

model::Subject service_subject(const Policy& policy) {
  return {false, policy.service};
}

model::Subject own_subject(const char* kind, const Policy& policy) {
  return {true, std::string(kind) + '/' + policy.service};
}

}  // namespace deadcalm::evaluator
