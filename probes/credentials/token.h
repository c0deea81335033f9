#pragma once
// A token that an endpoint gives for a while: asked for once, used until 80 % of its life are over, then
// renewed while the old one still holds. OAuth2 and Cognito differ only in how they ask.
#include <memory>
#include <vector>

#include "model/secret.h"
#include "probes/http/credentials.h"
#include "probes/http/requester.h"
#include "runtime/event.h"

namespace deadcalm::probes::credentials {

struct Grant {
  model::Secret token;
  std::optional<model::Millis> life;  // from now; nullopt: until it is refused
};

// How to ask. Loop thread only, one call at a time.
class TokenEndpoint {
 public:
  using Answer = std::expected<Grant, StepFailure>;

  virtual ~TokenEndpoint() = default;
  virtual net::awaitable<Answer> ask(model::SteadyTime deadline) = 0;
  virtual void refused() {}  // what it gave was not accepted
  virtual std::string describe() const = 0;
};

class Token final : public http::Credentials {
 public:
  // `scheme` goes before the token in the header Authorization ("Bearer"); empty: the token alone.
  Token(runtime::Clock& clock, std::unique_ptr<TokenEndpoint> endpoint, std::string scheme);

  net::awaitable<std::expected<void, StepFailure>> authorize(runtime::HttpRequest& request,
                                                             model::SteadyTime deadline) override;
  void refused() override;
  std::optional<model::CredentialExpiry> expiry() const override;
  std::string describe() const override;

 private:
  struct Asking;

  bool usable() const;  // may be sent
  bool fresh() const;   // need not be renewed yet
  net::awaitable<std::optional<StepFailure>> renew(model::SteadyTime deadline);
  void take(Grant grant);

  runtime::Clock& clock_;
  std::unique_ptr<TokenEndpoint> endpoint_;
  std::string scheme_;
  model::Secret token_;
  std::optional<model::SteadyTime> renew_at_, ends_at_;
  std::optional<model::WallTime> ends_on_;  // ends_at_ for people
  bool asking_ = false;
  std::vector<runtime::Event*> waiting_;  // for the answer somebody else asked for
  // The endpoint refused us: it is not asked again before this, since many lock out who tries too often.
  std::optional<model::SteadyTime> leave_alone_until_;
  StepFailure refusal_;
};

// What all token endpoints answer alike: 429 and 5xx by their status, other refusals are auth.
StepFailure refusal_of(const std::string& what, const runtime::HttpAnswer& answer, const std::string& reason);

}  // namespace deadcalm::probes::credentials
