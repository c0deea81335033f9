#include "probes/credentials/oauth2.h"

#include <boost/json/parse.hpp>

#include "model/encoding.h"
#include "probes/credentials/jwt.h"
#include "runtime/log.h"

namespace deadcalm::probes::credentials {
namespace {

namespace json = boost::json;

std::string field(const json::value& document, std::string_view name) {
  const auto* object = document.if_object();
  const json::value* value = object != nullptr ? object->if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// expires_in is only recommended (RFC 6749 §5.1), and some send it as text.
std::optional<model::Millis> life_of(const json::value& document, const std::string& token,
                                     model::WallTime now) {
  const json::value* value = document.get_object().if_contains("expires_in");
  boost::system::error_code ec;
  if (value != nullptr && value->is_number()) {
    const auto seconds = value->to_number<double>(ec);
    if (!ec && seconds > 0 && seconds < 1e9) return model::Millis{static_cast<std::int64_t>(seconds * 1000)};
  }
  const auto end = jwt_expiry(token);
  return end && *end > now ? std::optional(*end - now) : std::nullopt;
}

}  // namespace

OAuth2::OAuth2(OAuth2Options options, http::Requester requester, const config::Environment& environment)
    : options_(std::move(options)), requester_(std::move(requester)), environment_(environment) {}

runtime::HttpRequest OAuth2::request() const {
  const std::string id = model::url_encoded(options_.client_id);
  const std::string secret = model::url_encoded(options_.client_secret.value.reveal());
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = options_.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.body = "grant_type=client_credentials";
  if (!options_.scope.empty()) request.body += "&scope=" + model::url_encoded(options_.scope);
  for (const auto& [name, value] : options_.extra)
    request.body += '&' + model::url_encoded(name) + '=' + model::url_encoded(value);
  if (options_.client_auth == ClientAuth::basic) {
    request.headers.emplace_back("Authorization", "Basic " + model::base64(id + ':' + secret));
  } else {
    request.body += "&client_id=" + id + "&client_secret=" + secret;
  }
  requester_.complete(request);
  return request;
}

net::awaitable<TokenEndpoint::Answer> OAuth2::ask_once(model::SteadyTime deadline) {
  runtime::HttpRequest asked = request();
  auto outcome = co_await requester_.send(std::move(asked), deadline);
  requester_.finish();
  const std::string what = "token endpoint " + options_.token_url;
  if (!outcome) {
    StepFailure failure = outcome.error();
    co_return std::unexpected(
        StepFailure{failure.failure, what + ": " + failure.detail, false, false, false});
  }
  boost::system::error_code ec;
  const json::value document = json::parse(outcome->body, ec);
  if (outcome->status != 200) {
    std::string reason = ec ? "" : field(document, "error");  // invalid_client, invalid_scope, ...
    const std::string more = ec ? "" : field(document, "error_description");
    if (!more.empty()) reason += " (" + more + ')';
    co_return std::unexpected(refusal_of(what, *outcome, reason));
  }
  Grant grant;
  if (!ec) grant.token = model::Secret(field(document, "access_token"));
  if (grant.token.empty()) {
    co_return std::unexpected(refusal_of(what, *outcome, "no access_token in the answer"));
  }
  grant.life = life_of(document, grant.token.reveal(), requester_.clock().now().wall);
  co_return grant;
}

net::awaitable<TokenEndpoint::Answer> OAuth2::ask(model::SteadyTime deadline) {
  Answer answer = co_await ask_once(deadline);
  const bool refused = !answer && answer.error().failure == model::Write::auth;
  if (!refused || !options_.client_secret.can_change()) co_return answer;
  const auto now = options_.client_secret.read_again(environment_);
  if (!now || *now == options_.client_secret.value) co_return answer;
  options_.client_secret.value = *now;
  runtime::mask_in_logs({*now});
  co_return co_await ask_once(deadline);
}

std::string OAuth2::describe() const {
  return "token of " + options_.client_id + " from " + options_.token_url;
}

}  // namespace deadcalm::probes::credentials
