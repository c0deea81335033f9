#include "probes/credentials/kinds.h"

#include <algorithm>

#include "probes/aws/decode.h"
#include "probes/credentials/cognito.h"
#include "probes/credentials/fixed.h"
#include "probes/credentials/oauth2.h"
#include "probes/credentials/signature.h"
#include "probes/http/decode.h"

namespace deadcalm::probes::credentials {
namespace {

using config::Reader;

config::SecretSource needed_secret(Reader& reader, std::string_view key) {
  auto secret = reader.secret_source(key);
  if (!secret && !reader.has(key) && !reader.has(std::string(key) + "_file"))
    reader.fault(key, "\"" + std::string(key) + "\" is missing", "or \"" + std::string(key) + "_file\"");
  return std::move(secret).value_or(config::SecretSource{});
}

MakeCredentials fixed(http::Auth auth) {
  return [auth = std::move(auth)](const CredentialDeps& d) {
    return std::make_unique<Fixed>(auth, d.environment);
  };
}

template <class Endpoint, class Options>
MakeCredentials token(Options options, std::string scheme) {
  return [options = std::move(options), scheme = std::move(scheme)](const CredentialDeps& d) {
    http::Requester requester(d.clock, d.client, d.instance, d.requests);
    auto endpoint = std::make_unique<Endpoint>(options, std::move(requester), d.environment);
    return std::make_unique<Token>(d.clock, std::move(endpoint), scheme);
  };
}

MakeCredentials decode_api_key(Reader& auth) {
  http::Auth key;
  key.kind = http::Auth::Kind::header;
  key.name = "x-api-key";
  key.secret = auth.secret_source("api_key").value_or(config::SecretSource{});
  return fixed(std::move(key));
}

MakeCredentials decode_oauth2(Reader& auth) {
  OAuth2Options options;
  auto keys = auth.child("oauth2");
  if (!keys) return nullptr;
  options.token_url = keys->url("token_url", config::kHttp);
  options.client_id = keys->text("client_id");
  options.client_secret = needed_secret(*keys, "client_secret");
  options.scope = keys->text("scope", "");
  options.extra = keys->text_map("parameters");
  options.client_auth = keys->choice("client_auth", ClientAuth::basic);
  keys->finish();
  return token<OAuth2>(std::move(options), "Bearer");
}

MakeCredentials decode_cognito(Reader& auth) {
  CognitoOptions options;
  auto keys = auth.child("cognito");
  if (!keys) return nullptr;
  keys->one_of({"region", "endpoint"}, true);
  const std::string region = keys->text("region", "");
  options.endpoint = keys->optional_url("endpoint", config::kHttp)
                         .value_or("https://cognito-idp." + region + ".amazonaws.com");
  options.client_id = keys->text("client_id");
  options.client_secret = keys->secret_source("client_secret").value_or(config::SecretSource{});
  options.username = keys->text("username");
  options.password = needed_secret(*keys, "password");
  options.use = keys->choice("token", CognitoToken::access);
  const std::string scheme = keys->text("scheme", "");
  keys->finish();
  return token<Cognito>(std::move(options), scheme);
}

MakeCredentials decode_iam(Reader& auth) {
  SignatureOptions options;
  auto keys = auth.child("iam");
  if (!keys) return nullptr;
  options.service.region = aws::decode_region(*keys);
  options.service.name = keys->text("service", "appsync");
  options.keys = aws::decode_credentials(*keys);
  keys->finish();
  return [options = std::move(options)](const CredentialDeps& d) {
    return std::make_unique<Signature>(options, aws::CredentialDeps{d.clock, d.client, d.environment});
  };
}

MakeCredentials decode_fixed(Reader& auth) {
  return fixed(http::decode_auth_keys(auth));
}

struct Kind {
  std::string_view key;  // below `auth:`
  MakeCredentials (*decode)(Reader& auth);
};

constexpr Kind kKinds[] = {
    {"api_key", &decode_api_key},  //
    {"bearer", &decode_fixed},     //
    {"basic", &decode_fixed},      //
    {"header", &decode_fixed},     //
    {"oauth2", &decode_oauth2},    //
    {"cognito", &decode_cognito}, {"iam", &decode_iam},
};

bool given(const Reader& auth, std::string_view key) {
  return auth.has(key) || auth.has(std::string(key) + "_file");
}

}  // namespace

MakeCredentials decode_credentials(Reader& reader) {
  auto auth = reader.child("auth");
  if (!auth) return nullptr;
  auth->also_known({"api_key_file", "bearer_file"});
  auth->one_of(
      {"api_key", "api_key_file", "bearer", "bearer_file", "basic", "header", "oauth2", "cognito", "iam"},
      true);
  const auto kind = std::ranges::find_if(kKinds, [&](const Kind& k) { return given(*auth, k.key); });
  MakeCredentials make = kind != std::end(kKinds) ? kind->decode(*auth) : nullptr;
  auth->finish();
  return make;
}

}  // namespace deadcalm::probes::credentials
