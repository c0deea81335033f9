#include "probes/credentials/sign_in.h"

#include "runtime/log.h"

namespace deadcalm::probes::credentials {

void SignIn::keep_refresh_token(std::string token) {
  refresh_token_ = model::Secret(std::move(token));
  runtime::mask_in_logs({refresh_token_});
}

bool SignIn::read_secrets_again() {
  bool changed = false;
  for (config::SecretSource* source : secrets()) {
    if (!source->can_change()) continue;
    const auto now = source->read_again(environment_);
    if (!now || *now == source->value) continue;
    source->value = *now;
    runtime::mask_in_logs({*now});
    changed = true;
  }
  return changed;
}

net::awaitable<TokenEndpoint::Answer> SignIn::ask(model::SteadyTime deadline) {
  if (!refresh_token_.empty()) {
    Answer refreshed = co_await ask_once(true, deadline);
    const bool dead = !refreshed && refreshed.error().failure == model::Write::auth;
    if (!dead) co_return refreshed;
    refresh_token_ = {};
  }
  Answer answer = co_await ask_once(false, deadline);
  const bool refused = !answer && answer.error().failure == model::Write::auth;
  if (!refused || !read_secrets_again()) co_return answer;
  co_return co_await ask_once(false, deadline);
}

}  // namespace deadcalm::probes::credentials
