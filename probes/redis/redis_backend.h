#pragma once
// The `redis` backend: a key for each canary (SET with an expiry, GET, DEL), or an entry of a stream (XADD,
// XRANGE, XDEL), whose ids the server assigns. A session is opened for each cycle.
//
// A replica can lag: what it does not have proves nothing, so an absent record is followed by ROLE.
#include "config/secret_source.h"
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/redis/redis_connection.h"

namespace deadcalm::probes::redis {

struct RedisOptions {
  RedisTarget target;
  config::SecretSource password;                 // empty: none
  std::string prefix = "deadcalm:";              // of keys
  std::string stream;                            // not empty: entries of this stream instead of keys
  model::Millis expire{std::chrono::hours{24}};  // of keys; 0: never
};

class RedisBackend final : public Backend {
 public:
  RedisBackend(std::shared_ptr<const RedisOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  Description describe(const Canary& example) const override;

 private:
  using Command = std::vector<std::string>;
  using Answer = RedisConnection::Answer;
  struct Session {
    RedisConnection connection;
    bool took_a_write = false;  // so it is no replica
  };

  bool uses_stream() const { return !options_.stream.empty(); }
  Command plant_command(const Canary& canary) const;
  Command read_command(const Canary& canary) const;
  Command remove_command(const Canary& canary) const;

  Session& free_session() { return main_.connection.busy() ? beside_ : main_; }
  net::awaitable<std::optional<StepFailure>> open(Session& session, model::SteadyTime deadline);
  net::awaitable<Answer> run(Session& session, Command command, model::SteadyTime deadline);
  net::awaitable<bool> is_primary(Session& session, model::SteadyTime deadline);
  net::awaitable<FindAnswer> find_keys(std::string stream, model::SteadyTime deadline);
  net::awaitable<FindAnswer> find_entries(std::string stream, model::SteadyTime deadline);
  std::string token_in(const Reply& reply) const;  // empty: nothing is there
  bool has_expired(const Canary& canary) const;

  std::shared_ptr<const RedisOptions> shared_options_;
  const RedisOptions& options_;
  model::Secret password_;  // read again when it is refused
  BackendDeps deps_;
  Session main_, beside_;  // the second when the first is busy: the kept record is read during a plant
};

// `text` with what SCAN's MATCH would read as a pattern taken literally. Pure.
std::string as_glob(std::string_view text);

}  // namespace deadcalm::probes::redis
