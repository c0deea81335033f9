#pragma once
// The `graphql` backend: plant, read, remove and find as operations of any GraphQL API.
//
// A read is good when the answer gives the very token back, at `token` or anywhere. A field that is null, an
// empty list or an error NOT_FOUND means absent; whether it was only hidden from us GraphQL does not tell,
// so an absence proves nothing by itself. Where plant captures `id`, the server assigns ids.
#include "probes/backend_deps.h"
#include "probes/graphql/caller.h"
#include "probes/http/json_path.h"

namespace deadcalm::probes::graphql {

struct ReadStep {
  Operation operation;
  std::optional<http::JsonPath> token;  // where it is; absent: anywhere in the answer
};

struct FindStep {
  Operation operation;
  http::JsonPath records, id, token;  // where the list is; in a record its id and its token
};

struct GraphqlOptions {
  CallerOptions caller;
  Operation plant, remove;
  ReadStep read;
  std::optional<FindStep> find;
  std::optional<http::JsonPath> captured_id;  // of the plant's answer: the server assigns the id
};

class GraphqlBackend final : public Backend {
 public:
  GraphqlBackend(std::shared_ptr<const GraphqlOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  std::optional<model::CredentialExpiry> credential_expiry() const override;
  Description describe(const Canary& example) const override;

 private:
  std::shared_ptr<const GraphqlOptions> shared_options_;
  const GraphqlOptions& options_;
  model::Secret canary_key_;
  Caller caller_;
};

// Nothing in it but null, empty lists and empty maps: `{"notes":{"items":[],"nextToken":null}}`. Pure.
bool holds_nothing(const boost::json::value& value);

}  // namespace deadcalm::probes::graphql
