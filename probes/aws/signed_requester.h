#pragma once
// Requests to one service of AWS: signed with credentials of now, and signed once more when they are refused
// and others can be had.
#include "probes/aws/credentials.h"
#include "probes/backend_deps.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::aws {

// Loop thread only.
class SignedRequester {
 public:
  using Outcome = http::Requester::Outcome;
  using Refuses = bool (*)(const runtime::HttpAnswer& answer);  // the credentials, that is

  SignedRequester(Service service, CredentialOptions credentials, http::RequesterOptions requests,
                  const BackendDeps& deps);

  // `request` without what completes and signs it.
  net::awaitable<Outcome> send(runtime::HttpRequest request, Refuses refuses, model::SteadyTime deadline);

  // As it would be sent, for people: what signs it is left out.
  std::string preview(runtime::HttpRequest request) const;

  void finish() { requester_.finish(); }
  std::optional<model::CredentialExpiry> expiry() const;  // once they were asked for, where it is known
  std::string source() const;                             // "credentials of the environment"

 private:
  Service service_;
  CredentialKind kind_;
  CredentialSource credentials_;
  http::Requester requester_;
};

}  // namespace deadcalm::probes::aws
