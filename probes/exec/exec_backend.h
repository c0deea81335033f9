#pragma once
// The `exec` backend: plant, read and remove are commands of the user's. What they are about stands in their
// environment: DEADCALM_VERB, DEADCALM_TOKEN, DEADCALM_ID, DEADCALM_UUID, DEADCALM_INT, DEADCALM_STREAM,
// DEADCALM_INSTANCE. A read prints what the record holds, and nothing where there is none.
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/exec/command_line.h"
#include "runtime/clock.h"

namespace deadcalm::probes::exec {

struct ExecOptions {
  CommandLine plant, read, remove;
  std::optional<CommandLine> find;  // prints a record a line: its id, a space, its token
  Surroundings surroundings;
};

class ExecBackend final : public Backend {
 public:
  ExecBackend(std::shared_ptr<const ExecOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override {}
  Description describe(const Canary& example) const override;

 private:
  net::awaitable<runtime::CommandAnswer> run(const char* verb, const CommandLine& line, Canary canary,
                                             model::SteadyTime deadline);

  std::shared_ptr<const ExecOptions> shared_options_;
  const ExecOptions& options_;
  BackendDeps deps_;
  runtime::CommandRunner runner_;
};

}  // namespace deadcalm::probes::exec
