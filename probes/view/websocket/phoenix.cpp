#include "probes/view/websocket/phoenix.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "model/encoding.h"
#include "probes/view/websocket/messages.h"

namespace deadcalm::probes::websocket {
namespace {

namespace json = boost::json;

constexpr std::string_view kJoin = "1";  // the reference of phx_join
constexpr model::Millis kHeartbeat{25'000}, kSilence{60'000};

// Phoenix and Supabase have no codes for why: their words are all there is.
model::Write class_of(const std::string& words) {
  const auto says = [&](const char* what) { return words.find(what) != std::string::npos; };
  if (says("nauthorized") || says("oken") || says("JWT") || says("jwt") || says("ermission") ||
      says("orbidden") || says("API key"))
    return model::Write::auth;
  if (says("RateLimit") || says("ate limit") || says("Too many")) return model::Write::throttle;
  if (says("nmatched") || says("Unable to subscribe") || says("invalid")) return model::Write::contract;
  return model::Write::server;
}

// {"reason": "..."}, {"message": "..."} or whatever it is.
std::string words_of(const json::value& response) {
  if (response.is_object()) {
    for (const char* key : {"reason", "message"}) {
      const std::string words = text_at(response.get_object(), key);
      if (!words.empty()) return excerpt(words);
    }
  }
  return excerpt(json::serialize(response));
}

const json::object* object_at(const json::object& message, std::string_view key) {
  const json::value* value = message.if_contains({key.data(), key.size()});
  return value != nullptr ? value->if_object() : nullptr;
}

std::string token_in(const runtime::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "Authorization") return value.starts_with("Bearer ") ? value.substr(7) : value;
  }
  return {};
}

}  // namespace

std::vector<runtime::HttpRequest> Phoenix::to_authorize() const {
  runtime::HttpRequest upgrade;
  upgrade.url = "http" + subscription_.url.substr(2);
  return {std::move(upgrade)};
}

Opening Phoenix::opening(std::vector<runtime::HttpRequest> authorized) {
  Opening opening;
  const char* const joint = subscription_.url.find('?') == std::string::npos ? "?" : "&";
  opening.request.url = subscription_.url + joint + "vsn=1.0.0";
  if (!api_key_.empty()) opening.request.url += "&apikey=" + model::url_encoded(api_key_);
  opening.request.headers = std::move(authorized.at(0).headers);
  json::object payload = json::parse(subscription_.join).as_object();
  const std::string shown = token_in(opening.request.headers);
  if (const std::string& token = shown.empty() ? api_key_ : shown; !token.empty())
    payload["access_token"] = token;
  if (!subscription_.table.empty()) {
    json::object change{
        {"event", subscription_.event}, {"schema", subscription_.schema}, {"table", subscription_.table}};
    if (!subscription_.filter.empty()) change["filter"] = subscription_.filter;
    json::object config;
    config["broadcast"] = {{"self", false}};
    config["presence"] = {{"key", ""}};
    config["postgres_changes"] = json::array{change};
    payload["config"] = config;
  }
  opening.send = {json::serialize(json::object{{"topic", subscription_.channel},
                                               {"event", "phx_join"},
                                               {"payload", payload},
                                               {"ref", kJoin},
                                               {"join_ref", kJoin}})};
  opening.heartbeat_every = kHeartbeat;
  opening.longest_silence = kSilence;
  joined_ = false;
  return opening;
}

std::string Phoenix::heartbeat() {
  return json::serialize(json::object{{"topic", "phoenix"},
                                      {"event", "heartbeat"},
                                      {"payload", json::object()},
                                      {"ref", "h" + std::to_string(++beats_)}});
}

std::string Phoenix::waits_for() const {
  return joined_ ? R"(system message "Subscribed to PostgreSQL")" : "phx_reply to phx_join";
}

Heard Phoenix::hear_reply(const json::object& payload, const std::string& reference) {
  Heard heard;
  heard.meaning = Meaning::alive;
  if (reference != kJoin) return heard;  // to a heartbeat
  const json::value* response = payload.if_contains("response");
  if (text_at(payload, "status") != "ok") {
    const std::string words = words_of(response != nullptr ? *response : json::value(payload));
    return refused(class_of(words), words);
  }
  joined_ = true;
  if (subscription_.table.empty()) heard.meaning = Meaning::acknowledged;
  return heard;
}

Heard Phoenix::hear_system(const json::object& payload) const {
  Heard heard;
  heard.meaning = Meaning::alive;
  if (text_at(payload, "status") == "error") {
    const std::string words = words_of(payload);
    return refused(class_of(words), words);
  }
  const bool changes =
      text_at(payload, "extension") == "postgres_changes" && text_at(payload, "status") == "ok";
  if (changes && !subscription_.table.empty()) heard.meaning = Meaning::acknowledged;
  return heard;
}

Heard Phoenix::hear(std::string_view text) {
  const auto message = object_in(text);
  if (!message) return not_json("Phoenix channels, version 1.0.0");
  const std::string topic = text_at(*message, "topic"), event = text_at(*message, "event");
  const json::object none;
  const json::object* given = object_at(*message, "payload");
  const json::object& payload = given != nullptr ? *given : none;
  if (event == "phx_reply") return hear_reply(payload, text_at(*message, "ref"));
  Heard heard;
  heard.meaning = Meaning::alive;
  if (topic != subscription_.channel) return heard;
  if (event == "system") return hear_system(payload);
  if (event == "phx_error") return refused(model::Write::server, "the channel crashed (phx_error)");
  if (event == "phx_close") return refused(model::Write::server, "the server closed the channel (phx_close)");
  const bool ours = subscription_.table.empty() || event == "postgres_changes";
  if (!ours || event.starts_with("presence_")) return heard;
  heard.meaning = Meaning::pushed;
  heard.text = json::serialize(payload_of(*message));
  return heard;
}

}  // namespace deadcalm::probes::websocket
