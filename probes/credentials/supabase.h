#pragma once
// Supabase Auth, signed in as a user with a password: POST /auth/v1/token?grant_type=password, renewed by
// grant_type=refresh_token. A refresh token is good for one use and gives the next (rotation), so each
// instance signs in by itself and shares none.
// Sources: supabase.com/docs/guides/auth/sessions; github.com/supabase/auth, openapi.yaml (/token) and
// internal/api/apierrors/errorcode.go.
#include "config/environment.h"
#include "config/secret_source.h"
#include "probes/credentials/sign_in.h"

namespace deadcalm::probes::credentials {

struct SupabaseUser {
  std::string url;                // of the project
  config::SecretSource anon_key;  // sent as `apikey`
  std::string email;
  config::SecretSource password;
};

class SupabaseSignIn final : public SignIn {
 public:
  SupabaseSignIn(SupabaseUser user, http::Requester requester, const config::Environment& environment);
  std::string describe() const override;

 private:
  runtime::HttpRequest request(bool refreshing) const;
  net::awaitable<Answer> ask_once(bool refreshing, model::SteadyTime deadline) override;
  std::vector<config::SecretSource*> secrets() override { return {&user_.password, &user_.anon_key}; }

  SupabaseUser user_;
  http::Requester requester_;
};

}  // namespace deadcalm::probes::credentials
