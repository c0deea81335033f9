#include "evaluator/table.h"

#include <array>

namespace deadcalm::evaluator {
namespace {

using model::Age;
using model::AlarmClass;
using model::Anchor;
using model::Beacons;
using model::Cache;
using model::Client;
using model::Lag;
using model::Masked;
using model::ReadBack;
using model::Sentinel;
using model::Signals;
using model::Traffic;
using model::Verdict;
using model::Write;

bool served_from_cache(const Signals& s) {
  return s.beacons == Beacons::high || s.cache == Cache::cache || s.cache == Cache::on_error;
}

// The backend fails. A broken contract counts only when clients feel it too: else our probe may be what
// is wrong.
bool write_fails(const Signals& s) {
  switch (s.write) {
    case Write::net:
    case Write::server:
    case Write::read_only: return true;
    case Write::contract: return s.client == Client::fail || s.beacons == Beacons::high;
    default: return false;
  }
}

bool clients_seem_fine(const Signals& s) {
  return s.client != Client::fail && s.beacons != Beacons::high;
}

bool disputed_by_traffic(const Signals& s) {
  const bool refused = write_fails(s) || s.write == Write::auth || s.write == Write::contract;
  return refused && s.traffic == Traffic::active && clients_seem_fine(s) && s.cache != Cache::on_error;
}

bool nothing_measured(const Signals& s) {
  return s.write == Write::unknown && s.read_back == ReadBack::unknown && s.client == Client::unknown &&
         s.beacons != Beacons::high && s.traffic != Traffic::silent;
}

bool data_is_gone(const Signals& s) {
  return s.sentinel == Sentinel::missing || s.sentinel == Sentinel::reset || s.read_back == ReadBack::lost;
}

bool truth_unknown(const Signals& s) {
  return (s.write == Write::unknown || s.read_back == ReadBack::unknown) && s.traffic != Traffic::silent;
}

using Options = TableOptions;
constexpr std::array<Row, 16> kRows{{
    {1, [](const Signals& s, const Options& o) { return s.anchor == Anchor::bad || o.loop_late; },
     Verdict::monitor_blind, MaskedRule::unknown, AlarmClass::blind},
    {2, [](const Signals& s, const Options&) { return data_is_gone(s); }, Verdict::data_loss,
     MaskedRule::by_signals, AlarmClass::loss},
    {3, [](const Signals& s, const Options&) { return nothing_measured(s); }, Verdict::unknown,
     MaskedRule::unknown, AlarmClass::unknown},
    {4, [](const Signals& s, const Options&) { return disputed_by_traffic(s); }, Verdict::disputed,
     MaskedRule::no, AlarmClass::soft},
    {5, [](const Signals& s, const Options&) { return s.write == Write::contract && clients_seem_fine(s); },
     Verdict::disputed, MaskedRule::no, AlarmClass::soft},
    {6, [](const Signals& s, const Options&) { return s.write == Write::auth; }, Verdict::auth_broken,
     MaskedRule::by_signals, AlarmClass::hard},
    {7, [](const Signals& s, const Options&) { return write_fails(s) && s.read_back == ReadBack::ok; },
     Verdict::read_only, MaskedRule::by_signals, AlarmClass::hard},
    {8, [](const Signals& s, const Options&) { return write_fails(s) && masked_of(s) == Masked::yes; },
     Verdict::masked_outage, MaskedRule::yes, AlarmClass::hard},
    {9, [](const Signals& s, const Options&) { return write_fails(s) && s.client == Client::fail; },
     Verdict::visible_outage, MaskedRule::no, AlarmClass::hard},
    {10, [](const Signals& s, const Options&) { return write_fails(s); }, Verdict::backend_outage,
     MaskedRule::unknown, AlarmClass::hard},
    {11, [](const Signals& s, const Options&) { return s.client == Client::fail; }, Verdict::visible_outage,
     MaskedRule::by_cache, AlarmClass::hard},
    {12, [](const Signals& s, const Options&) { return s.lag == Lag::behind || s.beacons == Beacons::high; },
     Verdict::stale_clients, MaskedRule::no, AlarmClass::stale},
    {13,
     [](const Signals& s, const Options&) {
       return s.read_back == ReadBack::fail || s.write == Write::throttle || s.cache == Cache::on_error;
     },
     Verdict::degraded, MaskedRule::no, AlarmClass::soft},
    {14, [](const Signals& s, const Options& o) { return o.has_write && truth_unknown(s); }, Verdict::unknown,
     MaskedRule::unknown, AlarmClass::unknown},
    {15, [](const Signals& s, const Options&) { return s.traffic == Traffic::silent; },
     Verdict::suspect_silence, MaskedRule::no, AlarmClass::silence},
    {16, [](const Signals&, const Options&) { return true; }, Verdict::healthy, MaskedRule::no,
     AlarmClass::none},
}};

Masked masked_by(MaskedRule rule, const Signals& signals) {
  switch (rule) {
    case MaskedRule::no: return Masked::no;
    case MaskedRule::yes: return Masked::yes;
    case MaskedRule::unknown: return Masked::unknown;
    case MaskedRule::by_signals: return masked_of(signals);
    case MaskedRule::by_cache: return served_from_cache(signals) ? Masked::yes : Masked::no;
  }
  return Masked::unknown;
}

}  // namespace

Masked masked_of(const Signals& s) {
  if (served_from_cache(s)) return Masked::yes;
  if (s.client == Client::fail) return Masked::no;
  if (s.age == Age::old && s.read_back != ReadBack::ok) return Masked::yes;
  if (s.client == Client::ok && s.cache == Cache::no && s.age == Age::fresh) return Masked::no;
  return Masked::unknown;
}

Ruling rule(const Signals& signals, const TableOptions& options) {
  for (const Row& row : kRows) {
    if (!row.applies(signals, options)) continue;
    return {row.verdict, masked_by(row.masked, signals), row.number, row.alarm_class};
  }
  return {};  // not reached: row 16 applies to everything
}

std::span<const Row> rows() {
  return kRows;
}

}  // namespace deadcalm::evaluator
