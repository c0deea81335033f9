// The worked cases of docs/semantics.md §4, one line each.
#include <catch2/catch.hpp>
#include <string>

#include "evaluator/table.h"

using namespace deadcalm::model;
using deadcalm::evaluator::rule;
using deadcalm::evaluator::Ruling;

namespace {

// Words as in the documentation: "write net, read_back fail, sentinel cache unk". Names without a value
// wait for the next value. What is not named is as on a good day.
Signals on_a_good_day() {
  return {Write::ok,  ReadBack::ok, Sentinel::present, Client::ok,      Cache::no,
          Age::fresh, Lag::ok,      Beacons::low,      Traffic::active, Anchor::ok};
}

template <class E>
bool set_if(std::string_view key, std::string_view wanted, std::string_view value, E& field) {
  if (key != wanted) return false;
  const auto found = from_name<E>(value == "unk" ? "unknown" : value);
  REQUIRE(found);
  field = *found;
  return true;
}

void set(Signals& s, std::string_view key, std::string_view value) {
  const bool known = set_if(key, "write", value, s.write) || set_if(key, "read_back", value, s.read_back) ||
                     set_if(key, "sentinel", value, s.sentinel) || set_if(key, "client", value, s.client) ||
                     set_if(key, "cache", value, s.cache) || set_if(key, "age", value, s.age) ||
                     set_if(key, "lag", value, s.lag) || set_if(key, "beacons", value, s.beacons) ||
                     set_if(key, "traffic", value, s.traffic) || set_if(key, "anchor", value, s.anchor);
  INFO(key << " " << value);
  REQUIRE(known);
}

struct Vector {
  const char* id;
  const char* inputs;  // groups of names and one value, separated by commas
  int row;
  const char* verdict;
  const char* masked;
};

const Vector kVectors[] = {
    {"V1", "", 16, "healthy", "no"},
    {"V2 founding case",
     "write net, read_back fail, sentinel unk, cache cache, age old, beacons high, traffic silent", 8,
     "masked_outage", "yes"},
    {"V3 write probe only",
     "write net, read_back fail, sentinel client cache age lag beacons unk, traffic silent", 10,
     "backend_outage", "unknown"},
    {"V4 CDN hides the origin",
     "write server, read_back fail, sentinel unk, cache on_error, age old, beacons traffic unk", 8,
     "masked_outage", "yes"},
    {"V5 first minute", "write net, read_back fail, sentinel beacons traffic unk", 10, "backend_outage",
     "unknown"},
    {"V6 all dark", "write net, read_back fail, client fail, sentinel cache age lag beacons traffic unk", 9,
     "visible_outage", "no"},
    {"V7 our line is cut", "anchor bad, write net, read_back fail, sentinel unk, client fail", 1,
     "monitor_blind", "unknown"},
    {"V8 empty database", "sentinel missing", 2, "data_loss", "no"},
    {"V9 failover lost commits", "read_back lost", 2, "data_loss", "no"},
    {"V10 truncated, clients cached", "sentinel missing, cache cache, age old", 2, "data_loss", "yes"},
    {"V11 key rotation broke writes",
     "write auth, read_back fail, sentinel unk, cache cache, age old, beacons unk, traffic silent", 6,
     "auth_broken", "yes"},
    {"V12 only our key expired", "write auth, read_back fail, sentinel unk", 4, "disputed", "no"},
    {"V13 writes refused", "write read_only, age old, beacons unk, traffic silent", 7, "read_only",
     "unknown"},
    {"V14 the same, optimistic UI", "write read_only, age old, beacons high, traffic silent", 7, "read_only",
     "yes"},
    {"V15 pull stuck", "age old, lag behind", 12, "stale_clients", "no"},
    {"V16 outboxes stuck", "beacons high", 12, "stale_clients", "no"},
    {"V17 quiet", "traffic silent", 15, "suspect_silence", "no"},
    {"V18 edge serves stale, token fresh", "cache on_error, traffic unk", 13, "degraded", "no"},
    {"V19 front end dead", "client fail", 11, "visible_outage", "no"},
    {"V20 nothing measured", "write read_back client unk", 3, "unknown", "unknown"},
    {"V21 founding case, API path probed too",
     "write net, read_back fail, client fail, sentinel cache age lag unk, beacons high, traffic silent", 8,
     "masked_outage", "yes"},
    {"V22 front end dead, returning visitors on their service worker",
     "client fail, cache cache, age old, beacons traffic unk", 11, "visible_outage", "yes"},
    {"V23 all dead, returning visitors on their cache",
     "write net, read_back fail, client fail, cache cache, age old, sentinel lag beacons unk, traffic silent",
     8, "masked_outage", "yes"},
    {"V24 a deploy broke POST, outboxes fill", "write contract, read_back ok, beacons high, traffic silent",
     7, "read_only", "yes"},
    {"V25 a deploy broke our probe only", "write contract, read_back unk, traffic unk", 5, "disputed", "no"},
    {"V25 the same, orders flow", "write contract, read_back unk, traffic active", 4, "disputed", "no"},
};

Signals signals_of(std::string_view text) {
  Signals s = on_a_good_day();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view group = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 2, text.size()));
    const std::size_t last_space = group.rfind(' ');
    const std::string_view value = group.substr(last_space + 1);
    group = group.substr(0, last_space);
    while (!group.empty()) {
      const std::size_t space = std::min(group.find(' '), group.size());
      set(s, group.substr(0, space), value);
      group.remove_prefix(std::min(space + 1, group.size()));
    }
  }
  return s;
}

}  // namespace

TEST_CASE("the worked cases V1 to V25") {
  for (const Vector& v : kVectors) {
    INFO(v.id << ": " << v.inputs);
    const Ruling r = rule(signals_of(v.inputs));
    CHECK(r.row == v.row);
    CHECK(name(r.verdict) == v.verdict);
    CHECK(name(r.masked) == v.masked);
  }
}
