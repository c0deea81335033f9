#include "probes/aws/signed_requester.h"

#include "runtime/log.h"

namespace deadcalm::probes::aws {

SignedRequester::SignedRequester(Service service, CredentialOptions credentials,
                                 http::RequesterOptions requests, const BackendDeps& deps)
    : service_(std::move(service)),
      kind_(credentials.kind),
      credentials_(std::move(credentials), {deps.clock, deps.client, deps.environment}),
      requester_(deps.clock, deps.client, deps.instance, std::move(requests)) {}

net::awaitable<SignedRequester::Outcome> SignedRequester::send(runtime::HttpRequest request, Refuses refuses,
                                                               model::SteadyTime deadline) {
  requester_.complete(request);
  for (bool again = false;; again = true) {
    const CredentialSource::Answer credentials = co_await credentials_.get(deadline);
    if (!credentials) co_return std::unexpected(credentials.error());
    runtime::HttpRequest signed_request = request;
    sign(signed_request, service_, *credentials, requester_.clock().now().wall);
    Outcome outcome = co_await requester_.send(std::move(signed_request), deadline);
    if (again || !outcome || !refuses(*outcome) || !credentials_.renew()) co_return outcome;
  }
}

std::string SignedRequester::preview(runtime::HttpRequest request) const {
  requester_.complete(request);
  std::string text = request.method + ' ' + request.url;
  for (const auto& [name, value] : request.headers) {
    text += "\n  ";
    text += name + ": ";
    text += value;
  }
  text += "\n  Authorization: AWS4-HMAC-SHA256 ... (" + source() + ')';
  if (!request.body.empty()) text += "\n  " + request.body;
  return runtime::masked(text);
}

std::optional<model::CredentialExpiry> SignedRequester::expiry() const {
  const auto at = credentials_.expires();
  if (!at) return std::nullopt;
  return model::CredentialExpiry{*at, true};  // only services tell it, and they hand out others
}

std::string SignedRequester::source() const {
  return kind_ == CredentialKind::keys ? "configured credentials"
                                       : "credentials of the " + std::string(model::name(kind_));
}

}  // namespace deadcalm::probes::aws
