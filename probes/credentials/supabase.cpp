#include "probes/credentials/supabase.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace deadcalm::probes::credentials {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& document, std::string_view name) {
  const json::value* value = document.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// {"error_code": "invalid_credentials", "msg": "..."}; before 2024 {"error": "invalid_grant",
// "error_description": "..."}; the gateway's {"message": "Invalid API key"}.
std::string refusal_in(const json::object& document) {
  std::string code = text_at(document, "error_code");
  if (code.empty()) code = text_at(document, "error");
  std::string message = text_at(document, "msg");
  if (message.empty()) message = text_at(document, "error_description");
  if (message.empty()) message = text_at(document, "message");
  return code.empty() || message.empty() ? code + message : code + ": " + message;
}

std::optional<model::Millis> life_in(const json::object& document) {
  const json::value* life = document.if_contains("expires_in");
  if (life == nullptr || !life->is_int64()) return std::nullopt;
  const std::int64_t seconds = life->get_int64();
  if (seconds <= 0 || seconds >= 1'000'000'000) return std::nullopt;
  return std::chrono::seconds{seconds};
}

}  // namespace

SupabaseSignIn::SupabaseSignIn(SupabaseUser user, http::Requester requester,
                               const config::Environment& environment)
    : SignIn(environment), user_(std::move(user)), requester_(std::move(requester)) {}

runtime::HttpRequest SupabaseSignIn::request(bool refreshing) const {
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = user_.url + "/auth/v1/token?grant_type=" + (refreshing ? "refresh_token" : "password");
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/json"},
                     {"apikey", user_.anon_key.value.reveal()}};
  json::object body;
  if (refreshing) {
    body["refresh_token"] = refresh_token().reveal();
  } else {
    body["email"] = user_.email;
    body["password"] = user_.password.value.reveal();
  }
  request.body = json::serialize(body);
  requester_.complete(request);
  return request;
}

net::awaitable<TokenEndpoint::Answer> SupabaseSignIn::ask_once(bool refreshing, model::SteadyTime deadline) {
  runtime::HttpRequest asked = request(refreshing);
  auto outcome = co_await requester_.send(std::move(asked), deadline);
  requester_.finish();
  const std::string what = std::string("Supabase, ") + (refreshing ? "refresh token" : "sign-in");
  if (!outcome) {
    StepFailure failure = outcome.error();
    failure.detail = what + ": " + failure.detail;
    failure.maybe_done = false;  // the step itself was not sent
    co_return std::unexpected(std::move(failure));
  }
  boost::system::error_code ec;
  const json::value parsed = json::parse(outcome->body, ec);
  const json::object document = !ec && parsed.is_object() ? parsed.get_object() : json::object{};
  if (outcome->status == 540)  // of the gateway: supabase.com/docs/guides/troubleshooting/http-status-codes
    co_return std::unexpected(refusal_of(what, *outcome, "HTTP 540, the project is paused"));
  if (outcome->status != 200) co_return std::unexpected(refusal_of(what, *outcome, refusal_in(document)));
  Grant grant{model::Secret(text_at(document, "access_token")), life_in(document)};
  if (grant.token.empty())
    co_return std::unexpected(refusal_of(what, *outcome, "no access_token in the answer"));
  keep_refresh_token(text_at(document, "refresh_token"));
  co_return grant;
}

std::string SupabaseSignIn::describe() const {
  return "token of " + user_.email + " from " + user_.url + "/auth/v1/token";
}

}  // namespace deadcalm::probes::credentials
