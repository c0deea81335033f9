#include "evaluator/remember.h"

#include <algorithm>
#include <utility>

#include "evaluator/canaries.h"
#include "evaluator/site.h"

namespace deadcalm::evaluator {
namespace {

using model::Client;
using model::Observation;
using model::ReadBack;
using model::Sentinel;
using model::Write;

template <class ProbeState, class Probes>
void keep_order(std::vector<ProbeState>& states, const Probes& probes) {
  const bool same = std::ranges::equal(states, probes, {}, &ProbeState::probe,
                                       [](const auto& probe) -> const std::string& { return probe.name; });
  if (same) return;
  std::vector<ProbeState> kept;
  for (const auto& probe : probes) {
    const auto found = std::ranges::find(states, probe.name, &ProbeState::probe);
    if (found == states.end()) {
      kept.emplace_back().probe = probe.name;
    } else {
      kept.push_back(*found);
    }
  }
  states = std::move(kept);
}

std::string shortened(const std::string& detail) {
  std::size_t end = std::min(detail.size(), kLongestDetail);
  // Not within a UTF-8 sequence.
  while (end > 0 && end < detail.size() && (static_cast<unsigned char>(detail[end]) & 0xc0) == 0x80) --end;
  return detail.substr(0, end);
}

bool verified(const WriteState& w) {
  return w.write == Write::ok && w.read_back == ReadBack::ok;
}

// The age of what clients see is only meaningful while somebody answers our plants.
bool answered(const model::WriteLook& look) {
  return look.plant_attempted && (look.write == Write::ok || look.write == Write::net ||
                                  look.write == Write::server || look.write == Write::read_only);
}

// The last look as it was, less what must not be believed.
void copy_look(const ServiceState& state, WriteState& w, const Observation& seen,
               const model::WriteLook& look) {
  w.looked = true;
  w.started = seen.started;
  w.ended = seen.ended;
  w.step = seen.step;
  w.detail = shortened(seen.detail);
  w.write = look.write;
  w.slow = look.slow;
  w.read_back = look.read_back;
  w.sentinel = look.sentinel;
  w.container_gone = look.container_gone;
  w.rungs_expected = look.rungs_expected;
  w.rungs_missing = look.rungs_missing;
  w.newest_rung_missing = look.newest_rung_missing;
  w.altered = look.altered;
  w.credential_ends = look.credential_ends;
  w.newest_surviving = look.newest_surviving;
  w.oldest_missing = look.oldest_missing;
  w.database_still_has_it = look.database_still_has_it;
  w.cycle_time = seen.ended.steady - seen.started.steady;
  // On a copy of our store, or in an announced reset, "gone" is what must be expected.
  if (look.foreign_seq != 0 || state.reset_expected) {
    w.sentinel = look.sentinel == Sentinel::present ? Sentinel::present : Sentinel::unknown;
    if (look.read_back == ReadBack::lost) {
      w.read_back = state.reset_expected ? ReadBack::fail : ReadBack::unknown;
    }
  }
}

void note_times(const WriteProbe& probe, WriteState& w, const model::WriteLook& look, bool after_hole) {
  const SteadyTime started = w.started.steady;
  if (verified(w)) w.last_good = w.ended;
  if (w.write == Write::ok) {
    w.throttled_since.reset();
  } else if (w.write == Write::throttle && !w.throttled_since) {
    w.throttled_since = started;
  }
  if (w.write == Write::ok) {
    w.failing_since.reset();
  } else if (w.write != Write::unknown && (!w.failing_since || after_hole)) {
    w.failing_since = w.ended;
  }
  if (!answered(look)) {
    w.answered_since.reset();
  } else if (!w.answered_since || after_hole) {
    w.answered_since = started;
  }
  if (look.plant_attempted && look.seq != 0) {
    const Millis memory = std::chrono::hours{24} + 10 * probe.interval;
    remember_canary(w.canaries, {look.seq, look.planted_at.steady, look.acknowledged}, started - memory);
  }
}

// Was there a hole before this look? Notes that it happened.
bool hole_before(Streaks& streaks, SteadyTime started, Millis interval) {
  const bool hole = streaks.last_look && started - *streaks.last_look > kIntervalsUntilUnknown * interval;
  streaks.last_look = std::max(started, streaks.last_look.value_or(started));
  return hole;
}

void judge_write(const WriteState& w, Noticed& noticed) {
  const Write write = write_signal(w, w.ended.steady);
  Trouble& trouble = noticed.trouble;
  trouble.loss =
      w.sentinel == Sentinel::missing || w.sentinel == Sentinel::reset || w.read_back == ReadBack::lost;
  const bool unwell = write != Write::ok && write != Write::unknown;
  if (!w.armed) {
    trouble = Trouble{.setup = trouble.loss || unwell || w.read_back == ReadBack::fail};
    return;
  }
  // A lost record counts for the lower classes too, a single rung does not: it may be gone for days.
  const bool grave_loss = trouble.loss && !only_one_rung_gone(w);
  trouble.impaired = w.read_back == ReadBack::fail || (w.write == Write::ok && w.slow);
  trouble.hard = grave_loss || (unwell && write != Write::throttle);
  trouble.soft = trouble.hard || unwell || w.read_back == ReadBack::fail;

  noticed.good = verified(w) && !w.slow && !trouble.any();
  noticed.ends_loss = !trouble.loss && (w.sentinel == Sentinel::present || noticed.good);
  noticed.ends_hard = !trouble.hard && verified(w);
  noticed.ends_soft = noticed.ends_impaired = !trouble.soft && verified(w);
}

Noticed remember_write(const Policy& policy, ServiceState& state, std::size_t i, const Observation& seen,
                       const model::WriteLook& look) {
  WriteState& w = state.writes[i];
  Noticed noticed{.probe = {ProbeRef::Kind::write, i}, .started = seen.started};
  noticed.after_hole = hole_before(w.streaks, seen.started.steady, policy.writes[i].interval);
  noticed.foreign = look.foreign_seq != 0;
  copy_look(state, w, seen, look);
  note_times(policy.writes[i], w, look, noticed.after_hole);
  noticed.first_proof = look.armed && !w.armed && verified(w);
  w.armed = w.armed || look.armed;
  judge_write(w, noticed);
  return noticed;
}

Noticed remember_view(const Policy& policy, ServiceState& state, std::size_t i, const Observation& seen,
                      const model::ViewLook& look) {
  ViewState& view = state.views[i];
  Noticed noticed{.probe = {ProbeRef::Kind::view, i}, .started = seen.started};
  noticed.after_hole = hole_before(view.streaks, seen.started.steady, policy.views[i].interval);
  view.looked = true;
  view.started = seen.started;
  view.ended = seen.ended;
  view.step = seen.step;
  view.detail = shortened(seen.detail);
  view.client = look.client;
  view.cache = look.cache;
  view.answered = look.client == Client::ok || look.cache != model::CacheClass::unknown || look.newest;
  view.http_status = look.http_status;
  view.cache_evidence = shortened(look.cache_evidence);
  if (look.lifetime) view.lifetime = look.lifetime;
  view.listening_since.reset();
  if (look.listening_since) view.listening_since = look.listening_since->steady;
  if (look.newest) remember_token(policy, state, view, *look.newest, seen.ended);
  view.armed = view.armed || look.client == Client::ok;

  if (look.client == Client::fail && !view.armed) {
    noticed.trouble.setup = true;
    return noticed;
  }
  const bool on_error = view.answered && look.cache == model::CacheClass::stale_on_error;
  noticed.trouble.hard = look.client == Client::fail;
  noticed.trouble.soft = noticed.trouble.hard || on_error;
  noticed.good = look.client == Client::ok && !on_error;
  noticed.ends_hard = look.client == Client::ok;
  noticed.ends_soft = noticed.good;
  return noticed;
}

Noticed remember_traffic(Millis interval, ServiceState& state, const Observation& seen,
                         const model::TrafficLook& look) {
  TrafficState& t = state.traffic;
  Noticed noticed{.probe = {ProbeRef::Kind::traffic}, .started = seen.started};
  noticed.after_hole = hole_before(t.streaks, seen.started.steady, interval);
  t.looked = true;
  t.started = seen.started;
  t.ended = seen.ended;
  t.traffic = look.traffic;
  t.expected = look.expected;
  t.observed = look.observed;
  t.window_start = look.window_start;
  noticed.trouble.soft = look.traffic == model::Traffic::silent;
  noticed.good = noticed.ends_soft = look.traffic == model::Traffic::active;
  return noticed;
}

Noticed remember_beacons(ServiceState& state, const Observation& seen, const model::BeaconLook& look) {
  BeaconState& b = state.beacons;
  b = {true, seen.started, seen.ended, look.beacons, look.clients, look.on_cache, look.waiting, look.dropped};
  return {.probe = {ProbeRef::Kind::beacons},
          .started = seen.started,
          .good = look.beacons == model::Beacons::low};
}

Noticed remember_anchor(ServiceState& state, const Observation& seen, const model::AnchorLook& look) {
  const SteadyTime started = seen.started.steady;
  const bool good = !is_bad(look);
  if (!state.anchor_started || started >= *state.anchor_started) {
    state.anchor_started = started;
    state.anchor_bad = !good;
  }
  if (good) state.anchor_ok_started = std::max(started, state.anchor_ok_started.value_or(started));
  return {.started = seen.started, .good = good, .anchor = true};
}

const std::string& first_name(const Policy& policy) {
  using Kind = ProbeRef::Kind;
  if (!policy.writes.empty()) return name_of(policy, {Kind::write, 0});
  if (!policy.views.empty()) return name_of(policy, {Kind::view, 0});
  return name_of(policy, {policy.beacons ? Kind::beacons : Kind::traffic});
}

}  // namespace

void keep_places(const Policy& policy, ServiceState& state) {
  keep_order(state.writes, policy.writes);
  keep_order(state.views, policy.views);
  if (state.incident && find_probe(policy, state.incident->label.probe).kind == ProbeRef::Kind::none) {
    // Its probe left the configuration: the next best tells when it is over.
    state.incident->label.probe = first_name(policy);
  }
}

std::optional<Noticed> remember(const Policy& policy, ServiceState& state, const Observation& seen) {
  if (const auto* anchor = std::get_if<model::AnchorLook>(&seen.look)) {
    return remember_anchor(state, seen, *anchor);
  }
  using Kind = ProbeRef::Kind;
  const ProbeRef probe = find_probe(policy, seen.probe);
  if (const Streaks* streaks = streaks_of(std::as_const(state), probe);
      streaks && streaks->last_look && seen.started.steady < *streaks->last_look) {
    return std::nullopt;
  }
  if (const auto* look = std::get_if<model::WriteLook>(&seen.look); look && probe.kind == Kind::write) {
    return remember_write(policy, state, probe.place, seen, *look);
  }
  if (const auto* look = std::get_if<model::ViewLook>(&seen.look); look && probe.kind == Kind::view) {
    return remember_view(policy, state, probe.place, seen, *look);
  }
  const auto* traffic = std::get_if<model::TrafficLook>(&seen.look);
  if (traffic != nullptr && policy.traffic && probe.kind == Kind::traffic) {
    return remember_traffic(policy.traffic->interval, state, seen, *traffic);
  }
  if (const auto* look = std::get_if<model::BeaconLook>(&seen.look); look && probe.kind == Kind::beacons) {
    return remember_beacons(state, seen, *look);
  }
  return std::nullopt;
}

}  // namespace deadcalm::evaluator
