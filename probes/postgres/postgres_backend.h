#pragma once
// The `postgres` backend: a managed table of its own, created once per stream where that is allowed.
//   <schema>.<table> (stream text, seq bigint, token text, written timestamptz, primary key (stream, seq))
// Commits are waited for: the answer to a plant comes after the server's COMMIT. As a `read_from` door it
// runs the user's query instead, with the record's id as $1.
#include "config/secret_source.h"
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/postgres/pg_connection.h"

namespace deadcalm::probes::postgres {

struct PostgresOptions {
  config::SecretSource dsn;
  std::string schema = "deadcalm";
  std::string table = "canaries";
  bool create = true;  // may we create schema and table?
  std::string query;   // read_from: "select note from canaries where id = $1"; empty: managed table
  std::string name_for_query = "canary.id";  // which name of the canary is $1
};

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(const std::shared_ptr<const PostgresOptions>& options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  Description describe(const Canary& example) const override;

 private:
  net::awaitable<PgResult> run(std::string sql, std::vector<std::string> parameters,
                               model::SteadyTime deadline);
  net::awaitable<PgResult> open_and_run(PgConnection& session, std::string sql,
                                        std::vector<std::string> parameters, model::SteadyTime deadline);
  std::vector<std::string> ddl() const;

  PostgresOptions options_;
  BackendDeps deps_;
  std::string table_;           // schema-qualified and quoted
  PgConnection main_, beside_;  // the second when the first is busy: the kept record is read during a plant
};

}  // namespace deadcalm::probes::postgres
