#pragma once
// `postgres` with statements of the user's: its own table, view or function, under the rights and the
// row-level security that hold there. As a `read_from` door it has the read alone.
#include "probes/postgres/pg_sessions.h"
#include "probes/postgres/postgres_options.h"
#include "probes/postgres/replica.h"

namespace deadcalm::probes::postgres {

class StatementBackend final : public Backend {
 public:
  StatementBackend(std::shared_ptr<const PostgresOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override { sessions_.close(); }
  Description describe(const Canary& example) const override;

 private:
  net::awaitable<PgResult> rows_of(Canary canary, model::SteadyTime deadline);
  net::awaitable<bool> rows_may_be_hidden(model::SteadyTime deadline);
  net::awaitable<std::optional<StepFailure>> settle_conflict(Canary canary, StepFailure conflict,
                                                             model::SteadyTime deadline);
  std::string token_in(const std::vector<std::string>& row, const Canary& canary) const;
  Description describe_door(const Canary& example, Description description) const;

  std::shared_ptr<const PostgresOptions> shared_options_;
  const PgStatements& statements_;
  BackendDeps deps_;
  PgSessions sessions_;
};

}  // namespace deadcalm::probes::postgres
