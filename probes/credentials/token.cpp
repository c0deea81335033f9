#include "probes/credentials/token.h"

#include <algorithm>

#include "probes/http/classify.h"
#include "runtime/log.h"

namespace deadcalm::probes::credentials {
namespace {

constexpr model::Millis kAfterARefusal{30'000};
constexpr model::Millis kBetweenRenewals{30'000};

}  // namespace

// Marks the token as being asked for; wakes those who wait for it, also when the asker is cancelled.
struct Token::Asking {
  Token& token;
  explicit Asking(Token& t) : token(t) { token.asking_ = true; }
  ~Asking() {
    token.asking_ = false;
    for (runtime::Event* event : std::exchange(token.waiting_, {})) event->set();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
};

Token::Token(runtime::Clock& clock, std::unique_ptr<TokenEndpoint> endpoint, std::string scheme)
    : clock_(clock), endpoint_(std::move(endpoint)), scheme_(std::move(scheme)) {}

bool Token::usable() const {
  return !token_.empty() && (!ends_at_ || clock_.now().steady < *ends_at_);
}

bool Token::fresh() const {
  return usable() && (!renew_at_ || clock_.now().steady < *renew_at_);
}

void Token::take(Grant grant) {
  const model::Instant now = clock_.now();
  token_ = std::move(grant.token);
  runtime::mask_in_logs({token_});
  renew_at_.reset();
  ends_at_.reset();
  ends_on_.reset();
  leave_alone_until_.reset();
  if (!grant.life) return;
  renew_at_ = now.steady + *grant.life * 4 / 5;
  ends_at_ = now.steady + *grant.life;
  ends_on_ = now.wall + *grant.life;
}

net::awaitable<std::optional<StepFailure>> Token::renew(model::SteadyTime deadline) {
  const model::SteadyTime now = clock_.now().steady;
  if (leave_alone_until_ && now < *leave_alone_until_) co_return refusal_;
  const bool in_no_hurry = usable();
  if (in_no_hurry) {  // an endpoint that hangs must not cost the cycle that has a good token
    deadline = now + (deadline - now) / 4;
    renew_at_ = now + kBetweenRenewals;
  }
  const Asking asking(*this);
  TokenEndpoint::Answer answer = co_await endpoint_->ask(deadline);
  if (answer) {
    take(*std::move(answer));
    co_return std::nullopt;
  }
  if (answer.error().failure == model::Write::auth) {
    leave_alone_until_ = clock_.now().steady + kAfterARefusal;
    refusal_ = answer.error();
  }
  co_return answer.error();
}

net::awaitable<std::expected<void, StepFailure>> Token::authorize(runtime::HttpRequest& request,
                                                                  model::SteadyTime deadline) {
  std::optional<StepFailure> failure;
  if (!fresh() && asking_) {
    runtime::Event answered;
    waiting_.push_back(&answered);
    try {
      co_await clock_.wait(answered, deadline);
    } catch (...) {
      std::erase(waiting_, &answered);
      throw;
    }
    std::erase(waiting_, &answered);
  } else if (!fresh()) {
    failure = co_await renew(deadline);
  }
  if (!usable()) {
    StepFailure missing{model::Write::net, "no answer from the token endpoint", false, false, false};
    if (leave_alone_until_) missing = refusal_;
    co_return std::unexpected(failure.value_or(std::move(missing)));
  }
  const std::string& token = token_.reveal();
  request.headers.emplace_back("Authorization", scheme_.empty() ? token : scheme_ + ' ' + token);
  co_return std::expected<void, StepFailure>{};
}

void Token::refused() {
  token_ = {};
  endpoint_->refused();
}

std::optional<model::CredentialExpiry> Token::expiry() const {
  if (token_.empty() || !ends_on_) return std::nullopt;
  return model::CredentialExpiry{*ends_on_, !leave_alone_until_};
}

std::string Token::describe() const {
  return "Authorization: " + scheme_ + (scheme_.empty() ? "<" : " <") + endpoint_->describe() + '>';
}

StepFailure refusal_of(const std::string& what, const runtime::HttpAnswer& answer,
                       const std::string& reason) {
  StepFailure failure = http::classify_status(answer, true);
  const bool ours = failure.failure == model::Write::contract || failure.failure == model::Write::auth ||
                    answer.status == 404;
  if (ours) failure.failure = model::Write::auth;
  const std::string said = reason.empty() ? "HTTP " + std::to_string(answer.status) : reason;
  // Whatever the endpoint did: the step itself was not sent.
  return {failure.failure, what + ": " + said, false, false, false};
}

}  // namespace deadcalm::probes::credentials
