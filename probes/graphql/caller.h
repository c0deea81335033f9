#pragma once
// One operation sent to a GraphQL server (POST, JSON) and its answer judged: what every backend over
// GraphQL does alike. Non-empty `errors` fail on HTTP 200. Refused credentials are got anew and the
// operation is tried once more.
#include <memory>
#include <string>
#include <vector>

#include "config/value.h"
#include "probes/backend_deps.h"
#include "probes/canary.h"
#include "probes/credentials/kinds.h"
#include "probes/graphql/errors.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::graphql {

struct Operation {
  std::string query;
  std::optional<config::Value> variables;  // texts may name the canary
  std::string name;                        // operationName; empty: the query has only one
};

struct CallerOptions {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  credentials::MakeCredentials credentials;  // may be empty
  http::RequesterOptions requests;
};

struct Reply {
  boost::json::value document;
  std::string body;         // the document as it came
  bool from_cache = false;  // carries cache evidence
};

// Loop thread only.
class Caller {
 public:
  using Outcome = std::expected<Reply, Refusal>;

  Caller(const CallerOptions& options, BackendDeps deps);  // the options outlive it

  // `variables` as JSON text; empty: none.
  net::awaitable<Outcome> call(Operation operation, std::string variables, model::SteadyTime deadline);
  net::awaitable<Outcome> call(Operation operation, Canary canary, model::SteadyTime deadline);

  void finish() { requester_.finish(); }
  std::optional<model::CredentialExpiry> credential_expiry() const {
    return credentials_ ? credentials_->expiry() : std::nullopt;
  }

  // The operation as it would be sent, for the dry run.
  std::string text(const Operation& operation, const std::string& variables) const;

 private:
  runtime::HttpRequest build(const Operation& operation, const std::string& variables) const;
  net::awaitable<Outcome> call_once(runtime::HttpRequest request, model::SteadyTime deadline);

  const CallerOptions& options_;
  BackendDeps deps_;
  http::Requester requester_;
  std::unique_ptr<http::Credentials> credentials_;  // may be null
};

std::string variables_of(const Operation& operation, const Canary& canary);

}  // namespace deadcalm::probes::graphql
