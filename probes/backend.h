#pragma once
// A driver with four verbs in a real system: plant, read, remove a canary, find our own ones. The write
// cycle (write_probe.h) is one and the same over every backend.
//
// Promises of every implementation (tests/contracts/backend_contract.h):
//  - a verb never throws for what the target does, and ends by its deadline;
//  - a failing target is an answer with a class (docs/semantics.md, "What a failure is"); only our own
//    faults have the class unknown;
//  - every request names us: User-Agent deadcalm/<version> and Deadcalm-Canary: <instance>, or
//    application_name in SQL.
// Loop thread only. One cycle at a time: the verbs of a cycle may share a connection, finish() ends it.
#include <optional>
#include <string>
#include <vector>

#include "model/credential.h"
#include "model/signals.h"
#include "model/time.h"
#include "probes/canary.h"
#include "runtime/net.h"

namespace deadcalm::probes {

struct StepFailure {
  model::Write failure = model::Write::unknown;  // never ok
  std::string detail;                          // for people: "connection refused 127.0.0.1:8080", "HTTP 500"
  bool maybe_done = true;                      // the other side may have acted: the record's fate is unknown
  bool container_gone = false;                 // the session was accepted and the container does not exist
  bool looks_misconfigured = false;            // 404, 405, 410, 3xx: contract until the probe has once worked
  std::optional<model::Millis> retry_after{};  // how long a throttled one asks to be left alone
};

struct PlantAnswer {
  std::optional<StepFailure> failure;
  std::string record_id;  // where the server assigns it; else empty
};

struct UpdateAnswer {
  bool absent = false;  // there is no such record, and none was made
  std::optional<StepFailure> failure;
};

enum class Found { yes, no, no_answer };

struct ReadAnswer {
  Found found = Found::no_answer;
  std::string token;             // what the record holds, if found
  bool identity_proved = false;  // the session showed who it is: "no" means gone, not hidden from us
  bool primary = true;           // false: a replica, which can lag but cannot tell of loss
  bool from_cache = false;       // carries cache evidence: proves nothing
  std::optional<StepFailure> failure;
};

enum class Removed { yes, was_absent, cannot_tell };

struct RemoveAnswer {
  Removed removed = Removed::cannot_tell;
  std::optional<StepFailure> failure;
};

struct FoundRecord {
  std::string record_id;
  std::string token;
};
struct FindAnswer {
  std::vector<FoundRecord> records;
  std::optional<StepFailure> failure;
};

struct PrepareAnswer {
  bool created = false;            // the container was made just now
  std::string container_identity;  // what it calls itself, to tell a recreated one; may be empty
  std::optional<StepFailure> failure;
};

// What a person should know before the first write. No secrets in any text.
struct Description {
  std::string target;               // fingerprint: another target is another stream
  std::string proves;               // "API, read through the same door; tenant canary"
  bool server_assigns_ids = false;  // then find() must work
  bool can_find = false;
  int calls_per_cycle = 4;
  std::vector<std::string> requests;  // plant, read, remove (and find) as they would be sent for this canary
  std::vector<std::string> grants;    // DDL and least-privilege grants, if any
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Makes sure the container exists. may_create is true at most once in a stream's life (and when a
  // person accepts a new generation): one that is absent later is a finding, not a thing to heal.
  virtual net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) = 0;
  virtual net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) = 0;
  virtual net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) = 0;
  virtual net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) = 0;
  // Where records are updated in turn (WriteProbeOptions::keep): writes the token into the canary's record,
  // which must exist. Never an upsert: a record that is gone is a finding.
  virtual net::awaitable<UpdateAnswer> update(Canary, model::SteadyTime) {
    UpdateAnswer answer;
    answer.failure = StepFailure{model::Write::contract, "this type updates no records", false};
    co_return answer;
  }
  // Records whose token has the mac of our key: of this stream, or of every one when it is empty.
  virtual net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) = 0;
  virtual void finish() = 0;  // the cycle is over: drop its connection
  // When what it shows the target ends, where that is known.
  virtual std::optional<model::CredentialExpiry> credential_expiry() const { return std::nullopt; }
  virtual Description describe(const Canary& example) const = 0;
};

}  // namespace deadcalm::probes
