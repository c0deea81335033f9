#pragma once
// The `http` backend: plant, read, remove and find as requests of any HTTP API.
//
// A read is good when its body gives the very token back. 404 and 410 (or an empty list or body) mean
// absent. Truth reads ask for no cache, by header and by a query of their own, and one that carries
// cache evidence all the same proves nothing. Where plant captures `id`, the server assigns ids.
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/credentials/kinds.h"
#include "probes/http/authorized_requester.h"
#include "probes/http/http_step.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::http {

// find: where the list is, and which fields name and identify a record.
struct FindStep {
  Step step;
  JsonPath records, id, token;
};

struct HttpOptions {
  Step plant, read, remove;
  std::optional<FindStep> find;
  credentials::MakeCredentials credentials;  // may be empty
  RequesterOptions requests;
  bool unique_query = true;  // add ?deadcalm=<random> to truth reads
  std::string proves;        // for the description
};

class HttpBackend final : public Backend {
 public:
  HttpBackend(std::shared_ptr<const HttpOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  std::optional<model::CredentialExpiry> credential_expiry() const override;
  Description describe(const Canary& example) const override;

 private:
  using Outcome = Requester::Outcome;

  runtime::HttpRequest build(const Step& step, const Canary& canary, bool truth_read) const;
  net::awaitable<Outcome> send(const Step& step, Canary canary, model::SteadyTime deadline, bool truth_read);
  std::string text(const Step& step, const Canary& canary, bool truth_read) const;
  // Status and assertions; nullopt: good.
  static std::optional<StepFailure> judge(const Step& step, const runtime::HttpAnswer& answer);

  std::shared_ptr<const HttpOptions>
      shared_options_;  // the configuration's own: it is most of a probe's memory
  const HttpOptions& options_;
  BackendDeps deps_;
  AuthorizedRequester requester_;
};

}  // namespace deadcalm::probes::http
