#pragma once
// The field lists of what stands in the inbox and in incidents. Names are stored: add, never rename.
#include "model/command.h"
#include "model/transition.h"
#include "store/field_json.h"

namespace deadcalm::store::stored {

template <class Codec>
void fields(Codec& c, model::Signals& s) {
  c("write", s.write), c("read_back", s.read_back), c("sentinel", s.sentinel), c("client", s.client);
  c("cache", s.cache), c("age", s.age), c("lag", s.lag), c("beacons", s.beacons), c("traffic", s.traffic);
  c("anchor", s.anchor);
}

template <class Codec>
void fields(Codec& c, model::Evidence& e) {
  c("signals", e.signals), c("probe", e.probe), c("step", e.step), c("detail", e.detail), c("tries", e.tries);
  c("since", e.since), c("last_good", e.last_good), c("client_status", e.client_status);
  c("client_cache", e.client_cache), c("cache_evidence", e.cache_evidence);
  c("client_data_age", e.client_data_age), c("stale_limit", e.stale_limit), c("slow", e.slow);
  c("cycle_time", e.cycle_time), c("container_gone", e.container_gone);
  c("database_still_has_it", e.database_still_has_it), c("rungs_expected", e.rungs_expected);
  c("rungs_missing", e.rungs_missing), c("traffic_observed", e.traffic_observed);
  c("traffic_expected", e.traffic_expected), c("beacon_clients", e.beacon_clients);
  c("beacon_on_cache", e.beacon_on_cache), c("beacon_waiting", e.beacon_waiting);
  c("beacon_dropped", e.beacon_dropped), c("truth_measured", e.truth_measured);
  c("view_measured", e.view_measured), c("altered", e.altered), c("checks_only", e.checks_only);
  c("newest_surviving", e.newest_surviving), c("oldest_missing", e.oldest_missing);
}

template <class Codec>
void fields(Codec& c, model::Subject& s) {
  c("own", s.own), c("name", s.name);
}

template <class Codec>
void fields(Codec& c, model::Transition& t) {
  c("subject", t.subject), c("at", t.at.wall), c("from", t.from), c("to", t.to), c("masked", t.masked);
  c("class", t.alarm_class), c("alarm", t.alarm), c("severity", t.severity), c("reason", t.reason),
      c("row", t.row);
  c("evidence", t.evidence);
}

template <class Codec>
void fields(Codec& c, model::Command& m) {
  c("kind", m.kind), c("service", m.service), c("author", m.author), c("reason", m.reason), c("at", m.at);
  c("until", m.until), c("expect_reset", m.expect_reset);
}

}  // namespace deadcalm::store::stored
