#pragma once
// One question to a database, by a session of its own: in a transaction that may only read and is never
// committed, with the time-out set on the server too. A secret that is refused is read again.
#include "config/secret_source.h"
#include "probes/backend_deps.h"
#include "probes/postgres/pg_connection.h"

namespace deadcalm::probes::postgres {

// Loop thread only, one question at a time.
class Question {
 public:
  Question(config::SecretSource dsn, BackendDeps deps) : dsn_(std::move(dsn)), deps_(std::move(deps)) {}

  // `values` are $1 and so on.
  net::awaitable<PgResult> ask(std::string statement, std::vector<std::string> values,
                               model::SteadyTime deadline);

  std::string target() const { return target_of(dsn_.value); }

 private:
  net::awaitable<PgResult> ask_once(const std::string& statement, std::vector<std::string> values,
                                    model::SteadyTime deadline);

  config::SecretSource dsn_;
  BackendDeps deps_;
};

}  // namespace deadcalm::probes::postgres
