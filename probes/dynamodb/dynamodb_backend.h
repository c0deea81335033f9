#pragma once
// The `dynamodb` backend: one item for each canary, written only where no other is, removed only while it
// holds our own token. As a `read_from` door it reads the item that the API under test has written.
// Protocol: "DynamoDB API Reference", JSON 1.0, version 2012-08-10.
#include <boost/json/object.hpp>
#include <expected>

#include "config/template.h"
#include "probes/aws/signed_requester.h"
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::dynamodb {

// A key attribute and what the item of a canary has there.
struct KeyPart {
  std::string attribute;
  config::Template value;
  bool is_number = false;  // of type N
};

struct DynamoOptions {
  std::string table, region, endpoint;
  KeyPart key;
  std::optional<KeyPart> sort_key;
  std::string token_attribute;  // empty, of a door only: the token may be in any attribute
  bool find_by_scan = false;    // read the whole table for own items?
  bool door = false;            // read_from: reads only
  aws::CredentialOptions credentials;
  http::RequesterOptions requests;
};

class DynamoBackend final : public Backend {
 public:
  DynamoBackend(std::shared_ptr<const DynamoOptions> options, const BackendDeps& deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override;
  std::optional<model::CredentialExpiry> credential_expiry() const override { return requester_.expiry(); }
  Description describe(const Canary& example) const override;

 private:
  // The answer's object, or what the service refused.
  struct Refusal {
    StepFailure failure;
    bool condition_failed = false;
  };
  using Called = std::expected<boost::json::object, Refusal>;

  runtime::HttpRequest request(const std::string& action, const boost::json::object& body) const;
  net::awaitable<Called> call(std::string action, boost::json::object body, model::SteadyTime deadline);

  std::shared_ptr<const DynamoOptions> shared_options_;
  const DynamoOptions& options_;
  model::Secret canary_key_;
  aws::SignedRequester requester_;
};

}  // namespace deadcalm::probes::dynamodb
