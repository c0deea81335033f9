#pragma once
// The `s3` backend: one object for each canary, below a prefix of its own. Works with Amazon S3 and with what
// speaks like it. Protocol: "Amazon S3 API Reference" (REST, XML).
#include <expected>

#include "probes/aws/signed_requester.h"
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::s3 {

struct S3Options {
  std::string bucket, region, endpoint;
  std::string prefix = "deadcalm/";
  bool path_style = false;                                   // <endpoint>/<bucket>/<key>
  std::vector<std::pair<std::string, std::string>> headers;  // of every PUT, e.g. what a bucket demands
  aws::CredentialOptions credentials;
  http::RequesterOptions requests;
};

class S3Backend final : public Backend {
 public:
  S3Backend(std::shared_ptr<const S3Options> options, const BackendDeps& deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  std::optional<model::CredentialExpiry> credential_expiry() const override { return requester_.expiry(); }
  Description describe(const Canary& example) const override;

 private:
  using Called = std::expected<runtime::HttpAnswer, StepFailure>;

  runtime::HttpRequest object_request(std::string method, const std::string& record_id) const;
  runtime::HttpRequest list_request(const std::string& stream, const std::string& continuation) const;
  std::string base() const;  // URL of the bucket
  // An answer of 2xx, or 404 for an object that is not there; everything else is a failure.
  net::awaitable<Called> call(runtime::HttpRequest request, model::SteadyTime deadline);
  ReadAnswer judge(const runtime::HttpAnswer& http, const Canary& canary) const;

  std::shared_ptr<const S3Options> shared_options_;
  const S3Options& options_;
  model::Secret canary_key_;
  aws::SignedRequester requester_;
};

}  // namespace deadcalm::probes::s3
