#include "probes/credentials/signature.h"

namespace deadcalm::probes::credentials {

Signature::Signature(SignatureOptions options, aws::CredentialDeps deps)
    : options_(std::move(options)), clock_(deps.clock), source_(options_.keys, deps) {}

net::awaitable<std::expected<void, StepFailure>> Signature::authorize(runtime::HttpRequest& request,
                                                                      model::SteadyTime deadline) {
  const aws::CredentialSource::Answer keys = co_await source_.get(deadline);
  if (!keys) co_return std::unexpected(keys.error());
  aws::sign(request, options_.service, *keys, clock_.now().wall);
  co_return std::expected<void, StepFailure>{};
}

void Signature::refused() {
  (void)source_.renew();
}

std::optional<model::CredentialExpiry> Signature::expiry() const {
  const auto end = source_.expires();
  return end ? std::optional(model::CredentialExpiry{*end, true}) : std::nullopt;
}

std::string Signature::describe() const {
  return "Authorization: AWS4-HMAC-SHA256 <for " + options_.service.name + " in " + options_.service.region +
         ", keys from: " + std::string(model::name(options_.keys.kind)) + '>';
}

}  // namespace deadcalm::probes::credentials
