#include "probes/http/authorized_requester.h"

namespace deadcalm::probes::http {

AuthorizedRequester::AuthorizedRequester(const BackendDeps& deps, const RequesterOptions& options,
                                         const credentials::MakeCredentials& credentials)
    : requester_(deps.clock, deps.client, deps.instance, options) {
  if (credentials)
    credentials_ = credentials({deps.clock, deps.client, deps.environment, deps.instance, options});
}

net::awaitable<AuthorizedRequester::Outcome> AuthorizedRequester::send_once(runtime::HttpRequest request,
                                                                            model::SteadyTime deadline) {
  if (credentials_) {
    const auto authorized = co_await credentials_->authorize(request, deadline);
    if (!authorized) co_return std::unexpected(authorized.error());
  }
  co_return co_await requester_.send(std::move(request), deadline);
}

net::awaitable<AuthorizedRequester::Outcome> AuthorizedRequester::send(runtime::HttpRequest request,
                                                                       model::SteadyTime deadline) {
  if (!credentials_) co_return co_await requester_.send(std::move(request), deadline);
  runtime::HttpRequest again = request;
  Outcome outcome = co_await send_once(std::move(request), deadline);
  const bool refused = outcome && (outcome->status == 401 || outcome->status == 403);
  if (!refused) co_return outcome;
  credentials_->refused();
  co_return co_await send_once(std::move(again), deadline);
}

std::optional<model::CredentialExpiry> AuthorizedRequester::expiry() const {
  return credentials_ ? credentials_->expiry() : std::nullopt;
}

}  // namespace deadcalm::probes::http
