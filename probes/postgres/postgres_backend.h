#pragma once
// The `postgres` backend: a managed table of its own, created once per stream where that is allowed.
//   <schema>.<table> (stream text, seq bigint, token text, written timestamptz, primary key (stream, seq))
// Commits are waited for: the answer to a plant comes after the server's COMMIT. Statements of the user's:
// statement_backend.h.
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/postgres/pg_sessions.h"
#include "probes/postgres/postgres_options.h"

namespace deadcalm::probes::postgres {

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(std::shared_ptr<const PostgresOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override { sessions_.close(); }
  Description describe(const Canary& example) const override;

 private:
  std::vector<std::string> ddl() const;

  std::shared_ptr<const PostgresOptions> shared_options_;
  const PostgresOptions& options_;
  BackendDeps deps_;
  std::string table_;  // schema-qualified and quoted
  PgSessions sessions_;
};

// The managed table, or the user's statements.
std::unique_ptr<Backend> make_postgres(std::shared_ptr<const PostgresOptions> options, BackendDeps deps);

}  // namespace deadcalm::probes::postgres
