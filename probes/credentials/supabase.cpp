#include "probes/credentials/supabase.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "runtime/log.h"

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
    : user_(std::move(user)), requester_(std::move(requester)), environment_(environment) {}

runtime::HttpRequest SupabaseSignIn::request(bool refreshing) const {
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = user_.url + "/auth/v1/token?grant_type=" + (refreshing ? "refresh_token" : "password");
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/json"},
                     {"apikey", user_.anon_key.value.reveal()}};
  json::object body;
  if (refreshing) {
    body["refresh_token"] = refresh_token_.reveal();
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
  refresh_token_ = model::Secret(text_at(document, "refresh_token"));
  runtime::mask_in_logs({refresh_token_});
  co_return grant;
}

bool SupabaseSignIn::read_secrets_again() {
  bool changed = false;
  for (config::SecretSource* source : {&user_.password, &user_.anon_key}) {
    if (!source->can_change()) continue;
    const auto now = source->read_again(environment_);
    if (!now || *now == source->value) continue;
    source->value = *now;
    runtime::mask_in_logs({*now});
    changed = true;
  }
  return changed;
}

net::awaitable<TokenEndpoint::Answer> SupabaseSignIn::ask(model::SteadyTime deadline) {
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

std::string SupabaseSignIn::describe() const {
  return "token of " + user_.email + " from " + user_.url + "/auth/v1/token";
}

}  // namespace deadcalm::probes::credentials
