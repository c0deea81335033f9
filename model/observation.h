#pragma once
// What one look saw. Probes make observations, the evaluator reads them; nothing else passes between.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "model/signals.h"
#include "model/time.h"

namespace deadcalm::model {

// One write cycle: plant, read, compare, remove the previous canary.
struct WriteLook {
  Write write = Write::unknown;  // ok, or the class of the failure
  bool slow = false;             // verified, but later than slow_after: the signal is throttle
  ReadBack read_back = ReadBack::unknown;
  Sentinel sentinel = Sentinel::unknown;
  bool container_gone = false;  // the table, bucket or index itself does not exist
  int rungs_expected = 0;       // sentinels (the kept canary included) that should be there
  int rungs_missing = 0;
  bool newest_rung_missing = false;
  bool altered = false;  // a kept record is there and holds something else
  // When the newest surviving and the oldest missing sentinel were written: what lies between is lost, and
  // what came later up to the loss. nullopt: does not follow from what survived.
  std::optional<WallTime> newest_surviving, oldest_missing;
  bool armed = false;             // has this probe ever completed a full verified cycle?
  bool plant_attempted = false;   // a write was tried: the plant, or the removal that had to come before it
  std::uint64_t seq = 0;          // number of the canary this cycle planted; 0 if none
  std::uint64_t foreign_seq = 0;  // a newer number of our own stream that we never wrote; else 0
  Instant planted_at{};           // when the plant of `seq` was sent
  bool acknowledged = false;      // the backend said yes to the plant
  std::optional<WallTime> credential_ends;  // when a person has to replace what we show the backend
  bool database_still_has_it = false;       // read_from found the kept canary although the cycle failed
  std::optional<Millis> replica_lag;  // of the replica it was read on: age of the newest replayed transaction
  Millis plant_time{}, read_time{}, remove_time{};  // step durations; 0 where a step did not run
};

enum class CacheClass { origin, cache_fresh, cache_stale, stale_on_error, unknown };

// A canary token with a valid mac, as found in an answer.
struct SeenToken {
  std::string stream;
  std::uint64_t seq = 0;
  WallTime written{};
  friend bool operator==(const SeenToken&, const SeenToken&) = default;
};

// One look along the clients' own path.
struct ViewLook {
  Client client = Client::unknown;
  CacheClass cache = CacheClass::unknown;
  std::optional<SeenToken> newest;  // nullopt: a valid answer without a token ("nothing newer seen")
  std::optional<Millis> lifetime;   // what the answer allows caches to keep it: s-maxage, else max-age
  int http_status = 0;              // 0: no answer
  std::optional<WallTime> certificate_ends;  // of an ordinary check over TLS
  std::optional<Instant> listening_since;    // of a view that is pushed to: older canaries do not come
  std::string cache_evidence;                // the header that decided, e.g. "X-Cache-Status: STALE"
};

// One look at all anchors of this site.
struct AnchorLook {
  int answered = 0;  // of those that vote
  int voting = 0;    // configured, less those that never answered since they were configured
};

struct TrafficLook {
  Traffic traffic = Traffic::unknown;
  double observed = 0;     // organic commits counted in the window
  double expected = 0;     // commits expected in it, by what is usual; 0 if not known
  double surprise = 0;     // of nothing at all since the last one: -ln of its chance; 0 if not known
  Instant window_start{};  // of a silence: since when
};

struct BeaconLook {
  Beacons beacons = Beacons::unknown;
  int clients = 0, on_cache = 0, waiting = 0, dropped = 0;
};

struct Observation {
  std::string service;  // empty for anchors: they belong to the site
  std::string probe;    // name within the service, unique, stable across restarts
  Instant started{};    // when the look began
  Instant ended{};
  std::string step;    // where it failed: "plant", "read", "compare", "remove", "fetch" ...; empty if ok
  std::string detail;  // for people, at most 1 KiB, no secrets
  std::variant<WriteLook, ViewLook, AnchorLook, TrafficLook, BeaconLook> look;
};

template <>
struct Names<CacheClass> {
  static constexpr std::array<std::string_view, 5> values{"origin", "cache_fresh", "cache_stale",
                                                          "stale_on_error", "unknown"};
};

}  // namespace deadcalm::model
