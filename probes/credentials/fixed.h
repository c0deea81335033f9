#pragma once
// A secret that stays until a person changes it: an API key, a bearer token, a password, any header.
// Refused, it is read again from its file. A bearer token that is a JWT tells its own end.
#include "config/environment.h"
#include "probes/http/credentials.h"
#include "probes/http/http_step.h"

namespace deadcalm::probes::credentials {

class Fixed final : public http::Credentials {
 public:
  Fixed(http::Auth auth, const config::Environment& environment);

  net::awaitable<std::expected<void, StepFailure>> authorize(runtime::HttpRequest& request,
                                                             model::SteadyTime deadline) override;
  void refused() override;
  std::optional<model::CredentialExpiry> expiry() const override;
  std::string describe() const override;

 private:
  http::Auth auth_;
  const config::Environment& environment_;
};

}  // namespace deadcalm::probes::credentials
