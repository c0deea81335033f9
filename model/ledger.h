#pragma once
// What a write probe has planted, as the ledger keeps it. Every record is on the ledger, committed,
// before its request is sent; a row leaves only when the record is proved gone.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/time.h"

namespace deadcalm::model {

// Stored: never renumber.
enum class RecordState {
  reserved = 0,    // about to be planted, or planted and not yet judged
  kept = 1,        // verified; the newest one is the first sentinel
  retired = 2,     // was kept, a newer one is; to be removed
  unresolved = 3,  // fate unknown: removed when the backend answers again
  missing = 4,     // was kept and is gone: expected until a person accepts it
  sentinel = 5,    // was kept, and stays for its age: a rung of the ladder
};

struct Record {
  std::string stream;
  std::uint64_t seq = 0;
  RecordState state = RecordState::reserved;
  std::string token;
  std::string id;  // ours, or the server's when it assigns one; empty: not known yet
  WallTime planted{};
  std::optional<WallTime>
      seen_absent;  // unresolved: when first seen gone; missing: the same, if a newer one was there then
};

// One write probe of this instance.
struct Stream {
  std::string name;  // as in the tokens
  std::string service, probe;
  std::string target;  // fingerprint of what it writes to; another target starts a new stream
  std::uint64_t next_seq = 1;
  bool armed = false;                     // completed a full verified cycle
  bool container_created = false;         // we created the managed table once; never again without a person
  std::string container_identity;         // what the container called itself then (PostgreSQL: its oid)
  std::vector<std::string> known_good{};  // the named business records that were seen good, by what is asked
};

}  // namespace deadcalm::model
