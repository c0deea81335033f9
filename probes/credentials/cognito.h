#pragma once
// Amazon Cognito user pools, signed in as a user with a password: InitiateAuth over the AWS JSON 1.1
// protocol, which asks for no signature. The access or id token is renewed with the refresh token; that
// one dies too (after 30 days unless the pool says otherwise), and then the password is used again.
#include "config/environment.h"
#include "config/secret_source.h"
#include "model/names.h"
#include "probes/credentials/sign_in.h"

namespace deadcalm::probes::credentials {

enum class CognitoToken { access, id };  // AppSync and API Gateway take either, with other claims inside

struct CognitoOptions {
  std::string endpoint;  // https://cognito-idp.<region>.amazonaws.com
  std::string client_id;
  config::SecretSource client_secret;  // of an app client that has one; else empty
  std::string username;
  config::SecretSource password;
  CognitoToken use = CognitoToken::access;
};

class Cognito final : public SignIn {
 public:
  Cognito(CognitoOptions options, http::Requester requester, const config::Environment& environment);
  std::string describe() const override;

 private:
  runtime::HttpRequest request(bool refreshing) const;
  net::awaitable<Answer> ask_once(bool refreshing, model::SteadyTime deadline) override;
  std::vector<config::SecretSource*> secrets() override {
    return {&options_.password, &options_.client_secret};
  }

  CognitoOptions options_;
  http::Requester requester_;
};

// base64(HMAC-SHA256(client secret, username + client id)): what an app client with a secret asks for.
std::string secret_hash(const model::Secret& client_secret, const std::string& username,
                        const std::string& client_id);

}  // namespace deadcalm::probes::credentials

template <>
struct deadcalm::model::Names<deadcalm::probes::credentials::CognitoToken> {
  static constexpr std::array<std::string_view, 2> values{"access", "id"};
};
