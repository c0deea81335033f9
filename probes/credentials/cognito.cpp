#include "probes/credentials/cognito.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "model/encoding.h"

namespace deadcalm::probes::credentials {
namespace {

namespace json = boost::json;

std::string text_at(const json::value& document, std::string_view name) {
  const auto* object = document.if_object();
  const json::value* value = object != nullptr ? object->if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// "NotAuthorizedException: Incorrect username or password." The type may carry a name space before a '#'.
std::string refusal_in(const json::value& document) {
  std::string type = text_at(document, "__type");
  if (const std::size_t hash = type.rfind('#'); hash != std::string::npos) type.erase(0, hash + 1);
  const std::string message = text_at(document, "message");
  return message.empty() ? type : type + ": " + message;
}

}  // namespace

std::string secret_hash(const model::Secret& client_secret, const std::string& username,
                        const std::string& client_id) {
  const std::string text = username + client_id;
  const std::string& key = client_secret.reveal();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return model::base64({reinterpret_cast<const char*>(digest.data()), size});
}

Cognito::Cognito(CognitoOptions options, http::Requester requester, const config::Environment& environment)
    : SignIn(environment), options_(std::move(options)), requester_(std::move(requester)) {}

runtime::HttpRequest Cognito::request(bool refreshing) const {
  json::object parameters;
  if (refreshing) {
    parameters["REFRESH_TOKEN"] = refresh_token().reveal();
  } else {
    parameters["USERNAME"] = options_.username;
    parameters["PASSWORD"] = options_.password.value.reveal();
  }
  if (!options_.client_secret.value.empty()) {
    parameters["SECRET_HASH"] =
        secret_hash(options_.client_secret.value, options_.username, options_.client_id);
  }
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = options_.endpoint;
  if (!request.url.ends_with('/')) request.url += '/';
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"}};
  request.body =
      json::serialize(json::object{{"AuthFlow", refreshing ? "REFRESH_TOKEN_AUTH" : "USER_PASSWORD_AUTH"},
                                   {"ClientId", options_.client_id},
                                   {"AuthParameters", std::move(parameters)}});
  requester_.complete(request);
  return request;
}

net::awaitable<TokenEndpoint::Answer> Cognito::ask_once(bool refreshing, model::SteadyTime deadline) {
  runtime::HttpRequest asked = request(refreshing);
  auto outcome = co_await requester_.send(std::move(asked), deadline);
  requester_.finish();
  const std::string what = std::string("Cognito, ") + (refreshing ? "refresh token" : "sign-in");
  if (!outcome) {
    const StepFailure& failure = outcome.error();
    co_return std::unexpected(
        StepFailure{failure.failure, what + ": " + failure.detail, false, false, false});
  }
  boost::system::error_code ec;
  const json::value document = json::parse(outcome->body, ec);
  if (outcome->status != 200) {
    const std::string reason = ec ? "" : refusal_in(document);
    StepFailure failure = refusal_of(what, *outcome, reason);
    if (reason.starts_with("TooManyRequests") || reason.starts_with("LimitExceeded"))
      failure.failure = model::Write::throttle;
    co_return std::unexpected(std::move(failure));
  }
  const json::value* result =
      !ec && document.is_object() ? document.get_object().if_contains("AuthenticationResult") : nullptr;
  if (result == nullptr || !result->is_object()) {
    const std::string challenge = ec ? "" : text_at(document, "ChallengeName");
    co_return std::unexpected(refusal_of(
        what, *outcome, challenge.empty() ? "no token in the answer" : "it asks for " + challenge));
  }
  Grant grant;
  grant.token = model::Secret(text_at(*result, options_.use == CognitoToken::id ? "IdToken" : "AccessToken"));
  if (grant.token.empty()) co_return std::unexpected(refusal_of(what, *outcome, "no token in the answer"));
  // Renewed with rotation the answer has another refresh token; without, the one we have goes on.
  if (std::string next = text_at(*result, "RefreshToken"); !next.empty()) keep_refresh_token(std::move(next));
  const json::value* life = result->get_object().if_contains("ExpiresIn");
  if (life != nullptr && life->is_int64() && life->get_int64() > 0 && life->get_int64() < 1'000'000'000)
    grant.life = std::chrono::seconds{life->get_int64()};
  co_return grant;
}

std::string Cognito::describe() const {
  return std::string(model::name(options_.use)) + " token of " + options_.username + " from " +
         options_.endpoint;
}

}  // namespace deadcalm::probes::credentials
