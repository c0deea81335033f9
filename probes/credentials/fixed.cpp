#include "probes/credentials/fixed.h"

#include "probes/credentials/jwt.h"
#include "runtime/log.h"

namespace deadcalm::probes::credentials {

Fixed::Fixed(http::Auth auth, const config::Environment& environment)
    : auth_(std::move(auth)), environment_(environment) {}

net::awaitable<std::expected<void, StepFailure>> Fixed::authorize(runtime::HttpRequest& request,
                                                                  model::SteadyTime) {
  if (auto header = auth_header(auth_)) request.headers.push_back(*std::move(header));
  co_return std::expected<void, StepFailure>{};
}

void Fixed::refused() {
  if (auth_.kind == http::Auth::Kind::none || !auth_.secret.can_change()) return;
  const auto fresh = auth_.secret.read_again(environment_);
  if (!fresh) return;
  auth_.secret.value = *fresh;
  runtime::mask_in_logs({*fresh});
}

std::optional<model::CredentialExpiry> Fixed::expiry() const {
  if (auth_.kind != http::Auth::Kind::bearer) return std::nullopt;
  const auto end = jwt_expiry(auth_.secret.value.reveal());
  return end ? std::optional(model::CredentialExpiry{*end, false}) : std::nullopt;
}

std::string Fixed::describe() const {
  const auto header = auth_header(auth_);
  return header ? header->first + ": " + header->second : std::string();
}

}  // namespace deadcalm::probes::credentials
