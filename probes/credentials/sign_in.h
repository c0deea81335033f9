#pragma once
// A user who signs in with a password and is given a refresh token beside the token: refreshes while that
// holds, signs in anew when it does not, and reads the secrets again before giving up. Cognito and Supabase
// differ only in what they send.
#include <vector>

#include "config/environment.h"
#include "config/secret_source.h"
#include "probes/credentials/token.h"

namespace deadcalm::probes::credentials {

class SignIn : public TokenEndpoint {
 public:
  explicit SignIn(const config::Environment& environment) : environment_(environment) {}

  net::awaitable<Answer> ask(model::SteadyTime deadline) final;
  void refused() final { refresh_token_ = {}; }

 protected:
  // One request: with the refresh token, or with the password. Keeps the refresh token of the answer.
  virtual net::awaitable<Answer> ask_once(bool refreshing, model::SteadyTime deadline) = 0;
  virtual std::vector<config::SecretSource*> secrets() = 0;

  const model::Secret& refresh_token() const { return refresh_token_; }
  void keep_refresh_token(std::string token);

 private:
  bool read_secrets_again();

  const config::Environment& environment_;
  model::Secret refresh_token_;
};

}  // namespace deadcalm::probes::credentials
