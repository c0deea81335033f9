#include "probes/view/websocket/appsync.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "model/encoding.h"
#include "probes/view/websocket/messages.h"

namespace deadcalm::probes::websocket {
namespace {

namespace json = boost::json;

constexpr std::string_view kHost = ".appsync-api.";
constexpr std::string_view kRealtimeHost = ".appsync-realtime-api.";
constexpr model::Millis kUsualSilence{300'000};

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  return url.substr(start, url.find_first_of("/?", start) - start);
}

std::string base64url(std::string_view bytes) {
  std::string text = model::base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

json::object headers_of(const runtime::HttpRequest& request, const std::string& host) {
  json::object object{{"host", host}};
  for (const auto& [name, value] : request.headers) object[name] = value;
  return object;
}

}  // namespace

std::string appsync_realtime_url(const std::string& url) {
  std::string out = (url.starts_with("https") ? "wss" : "ws") + url.substr(url.find("://"));
  if (const std::size_t host = out.find(kHost); host != std::string::npos) {
    out.replace(host, kHost.size(), kRealtimeHost);
  } else {
    out += "/realtime";
  }
  return out;
}

std::vector<runtime::HttpRequest> Appsync::to_authorize() const {
  runtime::HttpRequest request;
  request.method = "POST";
  request.headers = {{"accept", "application/json, text/javascript"},
                     {"content-encoding", "amz-1.0"},
                     {"content-type", "application/json; charset=UTF-8"}};
  request.url = subscription_.url + "/connect";
  request.body = "{}";
  runtime::HttpRequest start = request;
  start.url = subscription_.url;
  start.body = "{\"query\":" + json::serialize(json::string(subscription_.query)) +
               ",\"variables\":" + subscription_.variables + '}';
  return {std::move(request), std::move(start)};
}

Opening Appsync::opening(std::vector<runtime::HttpRequest> authorized) {
  const std::string host = host_of(subscription_.url);
  Opening opening;
  opening.request.url = subscription_.realtime_url;
  opening.request.subprotocols = {"graphql-ws",
                                  "header-" + base64url(json::serialize(headers_of(authorized.at(0), host)))};
  opening.subprotocol = "graphql-ws";
  opening.send = {R"({"type":"connection_init"})"};
  opening.longest_silence = kUsualSilence;
  json::object payload;
  payload["data"] = authorized.at(1).body;
  payload["extensions"] = {{"authorization", headers_of(authorized.at(1), host)}};
  start_ = json::serialize(json::object{{"id", "1"}, {"type", "start"}, {"payload", payload}});
  connected_ = false;
  return opening;
}

Heard Appsync::hear(std::string_view text) {
  const auto message = object_in(text);
  if (!message) return not_json("AppSync's real-time protocol");
  const std::string type = text_at(*message, "type");
  Heard heard;
  if (type == "connection_ack") {
    connected_ = true;
    heard.meaning = Meaning::alive;
    heard.send = {start_};
    if (const auto most = number_at(*message, "payload", "connectionTimeoutMs"); most && *most > 0)
      heard.longest_silence = model::Millis(*most);
  } else if (type == "ka") {
    heard.meaning = Meaning::alive;
  } else if (type == "start_ack") {
    heard.meaning = Meaning::acknowledged;
  } else if (type == "data") {
    return pushed_result(*message);
  } else if (type == "connection_error" || type == "error") {
    return refused_by_errors(payload_of(*message), text);
  } else if (type == "complete") {
    return refused(model::Write::server, "the server ended the subscription");
  }
  return heard;
}

}  // namespace deadcalm::probes::websocket
