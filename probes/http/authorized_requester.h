#pragma once
// A Requester with credentials: shows who we are, and where that is refused shows it once more, with what was
// read again or asked for anew.
#include <memory>

#include "probes/backend_deps.h"
#include "probes/credentials/kinds.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::http {

// Loop thread only.
class AuthorizedRequester {
 public:
  using Outcome = Requester::Outcome;

  // `credentials` may be empty.
  AuthorizedRequester(const BackendDeps& deps, const RequesterOptions& options,
                      const credentials::MakeCredentials& credentials);

  void complete(runtime::HttpRequest& request) const { requester_.complete(request); }  // as Requester's
  net::awaitable<Outcome> send(runtime::HttpRequest request, model::SteadyTime deadline);
  void finish() { requester_.finish(); }

  std::optional<model::CredentialExpiry> expiry() const;
  // What it adds to a request, for the dry run; empty: nothing.
  std::string credential_line() const { return credentials_ ? credentials_->describe() : std::string(); }

 private:
  net::awaitable<Outcome> send_once(runtime::HttpRequest request, model::SteadyTime deadline);

  Requester requester_;
  std::unique_ptr<Credentials> credentials_;
};

}  // namespace deadcalm::probes::http
