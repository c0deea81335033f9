#pragma once
// OAuth 2.0 client credentials (RFC 6749 §4.4): a token for a program, from its id and its secret.
#include <utility>
#include <vector>

#include "config/environment.h"
#include "config/secret_source.h"
#include "model/names.h"
#include "probes/credentials/token.h"

namespace deadcalm::probes::credentials {

enum class ClientAuth { basic, body };  // RFC 6749 §2.3.1: id and secret in a header, or in the form

struct OAuth2Options {
  std::string token_url;
  std::string client_id;
  config::SecretSource client_secret;
  std::string scope;                                       // empty: the server's default
  std::vector<std::pair<std::string, std::string>> extra;  // more fields of the form: audience, resource
  ClientAuth client_auth = ClientAuth::basic;
};

class OAuth2 final : public TokenEndpoint {
 public:
  OAuth2(OAuth2Options options, http::Requester requester, const config::Environment& environment);
  net::awaitable<Answer> ask(model::SteadyTime deadline) override;
  std::string describe() const override;

 private:
  runtime::HttpRequest request() const;
  net::awaitable<Answer> ask_once(model::SteadyTime deadline);

  OAuth2Options options_;
  http::Requester requester_;
  const config::Environment& environment_;
};

}  // namespace deadcalm::probes::credentials

template <>
struct deadcalm::model::Names<deadcalm::probes::credentials::ClientAuth> {
  static constexpr std::array<std::string_view, 2> values{"basic", "body"};
};
