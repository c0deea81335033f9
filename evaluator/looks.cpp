#include "evaluator/looks.h"

#include <algorithm>
#include <array>
#include <utility>

namespace deadcalm::evaluator {
namespace {

using model::AlarmClass;
using model::Cache;
using model::CacheClass;
using model::Client;
using model::ReadBack;
using model::Sentinel;
using model::Write;

// Worst first.
constexpr std::array kWriteRank{Write::net,      Write::server,   Write::read_only, Write::auth,
                                Write::contract, Write::throttle, Write::unknown,   Write::ok};
constexpr std::array kReadBackRank{ReadBack::lost, ReadBack::fail, ReadBack::unknown, ReadBack::ok};
constexpr std::array kSentinelRank{Sentinel::reset, Sentinel::missing, Sentinel::unknown, Sentinel::present};
constexpr std::array kClientRank{Client::fail, Client::unknown, Client::ok};
constexpr std::array kCacheRank{Cache::on_error, Cache::cache, Cache::no, Cache::unknown};

template <class Ranks, class Value>
bool before(const Ranks& ranks, Value a, Value b) {
  return std::ranges::find(ranks, a) < std::ranges::find(ranks, b);
}

Cache cache_signal(CacheClass cache) {
  switch (cache) {
    case CacheClass::origin: return Cache::no;
    case CacheClass::cache_fresh:
    case CacheClass::cache_stale: return Cache::cache;
    case CacheClass::stale_on_error: return Cache::on_error;
    case CacheClass::unknown: return Cache::unknown;
  }
  return Cache::unknown;
}

struct WriteSignals {
  Write write = Write::unknown;
  ReadBack read_back = ReadBack::unknown;
  Sentinel sentinel = Sentinel::unknown;
};

WriteSignals signals_of(const Policy& policy, const ServiceState& state, std::size_t i, SteadyTime now) {
  const WriteState& w = state.writes[i];
  if (!speaks(state, w.looked, w.started, w.ended, policy.writes[i].interval, now)) return {};
  // Paused: what is kept can still be looked for, but nothing is said about writing.
  if (state.writes_paused) return {Write::unknown, ReadBack::unknown, w.sentinel};
  return {write_signal(w, now), w.read_back, w.sentinel};
}

// Write and read_back come together from the worst stream. A probe that never worked says nothing (it makes
// a setup notice); if none has, write is unknown.
void read_writes(const Policy& policy, const ServiceState& state, SteadyTime now, Reading& reading) {
  for (std::size_t i = 0; i < state.writes.size(); ++i) {
    if (!state.writes[i].armed) continue;
    const WriteSignals s = signals_of(policy, state, i, now);
    const bool worse =
        before(kWriteRank, s.write, reading.signals.write) ||
        (s.write == reading.signals.write && before(kReadBackRank, s.read_back, reading.signals.read_back));
    if (reading.write && !worse) continue;
    reading.signals.write = s.write;
    reading.signals.read_back = s.read_back;
    reading.write = i;
  }
}

// The worst of those that keep sentinels. A record lost on a stream that is not the worst counts here, else
// nobody would hear of it.
void read_sentinels(const Policy& policy, const ServiceState& state, SteadyTime now, Reading& reading) {
  for (std::size_t i = 0; i < state.writes.size(); ++i) {
    if (!state.writes[i].armed) continue;
    const WriteSignals s = signals_of(policy, state, i, now);
    const bool lost = s.read_back == ReadBack::lost && reading.write != i;
    const Sentinel kept = lost && s.sentinel != Sentinel::reset ? Sentinel::missing : s.sentinel;
    if (kept == Sentinel::unknown && state.writes[i].rungs_expected == 0) continue;  // keeps none
    const bool graver = reading.sentinel && kept == reading.signals.sentinel &&
                        only_one_rung_gone(state.writes[*reading.sentinel]) &&
                        !only_one_rung_gone(state.writes[i]);
    if (reading.sentinel && !graver && !before(kSentinelRank, kept, reading.signals.sentinel)) continue;
    reading.signals.sentinel = kept;
    reading.sentinel = i;
  }
}

void read_views(const Policy& policy, const ServiceState& state, SteadyTime now, Reading& reading) {
  for (std::size_t v = 0; v < state.views.size(); ++v) {
    const ViewState& view = state.views[v];
    const bool said = speaks(state, view.looked, view.started, view.ended, policy.views[v].interval, now);
    const Client client = said ? view.client : Client::unknown;
    if (view.armed && (!reading.client || before(kClientRank, client, reading.signals.client))) {
      reading.signals.client = client;
      reading.client = v;
    }
    if (!said || !view.answered) continue;
    const Cache cache = cache_signal(view.cache);
    if (!reading.cache || before(kCacheRank, cache, reading.signals.cache)) {
      reading.signals.cache = cache;
      reading.cache = v;
    }
  }
}

// Commits from before our write failed do not show that others can write now.
model::Traffic traffic_signal(const ServiceState& state, const Reading& reading) {
  const TrafficState& t = state.traffic;
  if (t.traffic != model::Traffic::active || !reading.write) return t.traffic;
  const auto& failing = state.writes[*reading.write].failing_since;
  return failing && t.window_start.steady < failing->steady ? model::Traffic::unknown : t.traffic;
}

ProbeRef at(ProbeRef::Kind kind, std::optional<std::size_t> place) {
  return place ? ProbeRef{kind, *place} : ProbeRef{};
}

ProbeRef decider_of(const Reading& r, const Ruling& ruling) {
  using Kind = ProbeRef::Kind;
  switch (ruling.row) {
    case 2: return at(Kind::write, r.signals.read_back == ReadBack::lost ? r.write : r.sentinel);
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10: return at(Kind::write, r.write);
    case 11: return at(Kind::view, r.client);
    case 12:
      return r.lag.lag == model::Lag::behind ? ProbeRef{Kind::view, r.lag.view} : ProbeRef{Kind::beacons};
    case 13:
      return r.signals.read_back == ReadBack::fail || r.signals.write == Write::throttle
                 ? at(Kind::write, r.write)
                 : at(Kind::view, r.cache);
    case 15: return {Kind::traffic};
    default: return r.write ? at(Kind::write, r.write) : at(Kind::view, r.client);
  }
}

}  // namespace

Write write_signal(const WriteState& write, SteadyTime now) {
  if (write.write == Write::ok && write.slow) return Write::throttle;
  const bool for_long = write.throttled_since && now - *write.throttled_since >= kThrottledIsDown;
  if (write.write == Write::throttle && for_long) return Write::server;
  return write.write;
}

Reading read(const Policy& policy, const ServiceState& state, SteadyTime now) {
  Reading reading;
  reading.signals.anchor = state.anchor_bad ? model::Anchor::bad : model::Anchor::ok;
  read_writes(policy, state, now, reading);
  read_sentinels(policy, state, now, reading);
  read_views(policy, state, now, reading);
  reading.lag = lag_of(policy, state, now);
  reading.signals.lag = reading.lag.lag;
  reading.signals.age = age_of(policy, state, now);
  const BeaconState& b = state.beacons;
  if (policy.beacons && speaks(state, b.looked, b.started, b.ended, policy.beacons->interval, now)) {
    reading.signals.beacons = b.beacons;
  }
  const TrafficState& t = state.traffic;
  if (policy.traffic && speaks(state, t.looked, t.started, t.ended, policy.traffic->interval, now)) {
    reading.signals.traffic = traffic_signal(state, reading);
  }
  return reading;
}

bool only_one_rung_gone(const WriteState& w) {
  return w.sentinel == Sentinel::missing && w.rungs_expected >= 3 && w.rungs_missing == 1 &&
         !w.newest_rung_missing && !w.container_gone && w.read_back != ReadBack::lost;
}

bool Judgement::failing() const {
  return ruling.alarm_class == AlarmClass::soft || ruling.alarm_class == AlarmClass::silence ||
         ruling.alarm_class == AlarmClass::stale || ruling.alarm_class == AlarmClass::hard ||
         ruling.alarm_class == AlarmClass::loss;
}

Judgement judge(const Policy& policy, const ServiceState& state, SteadyTime now) {
  Judgement judged;
  judged.reading = read(policy, state, now);
  const TableOptions options{.has_write = policy.has_write(), .loop_late = state.loop_late};
  judged.ruling = rule(judged.reading.signals, options);
  const auto sentinel = judged.reading.sentinel;
  if (judged.ruling.row == 2 && sentinel && only_one_rung_gone(state.writes[*sentinel])) {
    model::Signals beside = judged.reading.signals;
    beside.sentinel = Sentinel::unknown;
    const Ruling other = rule(beside, options);
    judged.minor_loss = !(other.alarm_class == AlarmClass::hard || other.alarm_class == AlarmClass::stale ||
                          other.alarm_class == AlarmClass::soft || other.alarm_class == AlarmClass::loss);
    if (!judged.minor_loss) judged.ruling = other;
  }
  judged.decider = decider_of(judged.reading, judged.ruling);
  return judged;
}

const std::string& name_of(const Policy& policy, ProbeRef probe) {
  static const std::string none;
  switch (probe.kind) {
    case ProbeRef::Kind::write: return policy.writes[probe.place].name;
    case ProbeRef::Kind::view: return policy.views[probe.place].name;
    case ProbeRef::Kind::beacons: return policy.beacons ? policy.beacons->name : none;
    case ProbeRef::Kind::traffic: return policy.traffic ? policy.traffic->name : none;
    case ProbeRef::Kind::none: break;
  }
  return none;
}

ProbeRef find_probe(const Policy& policy, const std::string& name) {
  for (std::size_t i = 0; i < policy.writes.size(); ++i) {
    if (policy.writes[i].name == name) return {ProbeRef::Kind::write, i};
  }
  for (std::size_t i = 0; i < policy.views.size(); ++i) {
    if (policy.views[i].name == name) return {ProbeRef::Kind::view, i};
  }
  if (policy.beacons && policy.beacons->name == name) return {ProbeRef::Kind::beacons};
  if (policy.traffic && policy.traffic->name == name) return {ProbeRef::Kind::traffic};
  return {};
}

const Streaks* streaks_of(const ServiceState& state, ProbeRef probe) {
  switch (probe.kind) {
    case ProbeRef::Kind::write: return &state.writes[probe.place].streaks;
    case ProbeRef::Kind::view: return &state.views[probe.place].streaks;
    case ProbeRef::Kind::traffic: return &state.traffic.streaks;
    default: return nullptr;
  }
}

Streaks* streaks_of(ServiceState& state, ProbeRef probe) {
  return const_cast<Streaks*>(streaks_of(std::as_const(state), probe));
}

}  // namespace deadcalm::evaluator
