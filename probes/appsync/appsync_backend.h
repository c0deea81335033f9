#pragma once
// The `appsync` backend: a versioned model (Amplify DataStore's) of an AWS AppSync API. Its operations follow
// from the model's name (createX, getX, updateX, deleteX), as Amplify generates them.
//
// Every write names the version it found (`_version`); another one is refused with ConflictUnhandled, and the
// record is then read and written once more. A delete leaves a tombstone (`_deleted: true`), which counts as
// gone here and is scanned by every client's first sync: so records are updated in turn instead (keep).
// Mutations select all of a record, because AppSync pushes to subscribers no more than was selected.
#include <functional>
#include <map>

#include "probes/backend_deps.h"
#include "probes/graphql/caller.h"

namespace deadcalm::probes::appsync {

struct AppsyncOptions {
  graphql::CallerOptions caller;
  std::string model;                    // "Canary"
  std::string field;                    // the one that holds the token
  std::optional<config::Value> others;  // values of more fields that the model needs, of new records
};

class AppsyncBackend final : public Backend {
 public:
  AppsyncBackend(std::shared_ptr<const AppsyncOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<UpdateAnswer> update(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  std::optional<model::CredentialExpiry> credential_expiry() const override;
  Description describe(const Canary& example) const override;

 private:
  // A record as it is now.
  struct Held {
    bool there = false;   // false: there is none, or its tombstone
    std::string content;  // of the token's field
    std::int64_t version = 0;
  };
  struct Change {
    graphql::Operation operation;
    std::function<std::string(std::int64_t version)> variables;
    bool writes_token = false;
  };
  using Fetched = std::expected<Held, graphql::Refusal>;

  net::awaitable<Fetched> fetch(std::string id, model::SteadyTime deadline);
  // Sends it with the version read in this cycle; after a conflict once more, with the one read then.
  net::awaitable<std::expected<bool, graphql::Refusal>> send(Change change, Canary canary,
                                                             model::SteadyTime deadline);
  std::string update_variables(const Canary& canary, std::int64_t version) const;
  std::string remove_variables(const Canary& canary, std::int64_t version) const;
  std::string create_variables(const Canary& canary) const;

  std::shared_ptr<const AppsyncOptions> shared_options_;
  const AppsyncOptions& options_;
  model::Secret canary_key_;
  graphql::Operation create_, get_, update_, delete_;
  graphql::Caller caller_;
  std::map<std::string, std::int64_t> versions_;  // record id -> version, as read in this cycle
};

}  // namespace deadcalm::probes::appsync
