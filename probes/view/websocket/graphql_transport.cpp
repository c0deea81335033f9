#include "probes/view/websocket/graphql_transport.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/view/websocket/messages.h"

namespace deadcalm::probes::websocket {
namespace {

namespace json = boost::json;

constexpr std::string_view kSubprotocol = "graphql-transport-ws";
constexpr model::Millis kSettle{300}, kHeartbeat{25'000}, kSilence{60'000};

}  // namespace

std::vector<runtime::HttpRequest> GraphqlTransport::to_authorize() const {
  runtime::HttpRequest upgrade;
  upgrade.url = "http" + subscription_.url.substr(2);  // ws, wss
  return {std::move(upgrade)};
}

Opening GraphqlTransport::opening(std::vector<runtime::HttpRequest> authorized) {
  Opening opening;
  opening.request.url = subscription_.url;
  opening.request.subprotocols = {std::string(kSubprotocol)};
  opening.request.headers = std::move(authorized.at(0).headers);
  opening.subprotocol = kSubprotocol;
  json::object payload = json::parse(subscription_.payload).as_object();
  if (subscription_.shown_in != ShownIn::upgrade) {
    json::object shown;
    for (const auto& [name, value] : opening.request.headers) shown[name] = value;
    if (subscription_.shown_in == ShownIn::payload_headers) shown = {{"headers", shown}};
    for (const auto& [name, value] : shown) payload[name] = value;
  }
  opening.send = {json::serialize(json::object{{"type", "connection_init"}, {"payload", payload}})};
  opening.settle = kSettle;
  opening.heartbeat_every = kHeartbeat;
  opening.longest_silence = kSilence;
  return opening;
}

Heard GraphqlTransport::hear(std::string_view text) {
  const auto message = object_in(text);
  if (!message) return not_json(std::string(kSubprotocol));
  const std::string type = text_at(*message, "type");
  Heard heard;
  if (type == "connection_ack") {
    heard.meaning = Meaning::acknowledged;
    const json::object payload{{"query", subscription_.query},
                               {"variables", json::parse(subscription_.variables)}};
    heard.send = {json::serialize(json::object{{"id", "1"}, {"type", "subscribe"}, {"payload", payload}})};
  } else if (type == "ping") {
    heard.meaning = Meaning::alive;
    heard.send = {R"({"type":"pong"})"};
  } else if (type == "pong") {
    heard.meaning = Meaning::alive;
  } else if (type == "next") {
    return pushed_result(*message);
  } else if (type == "error") {
    return refused_by_errors(payload_of(*message), text);
  } else if (type == "complete") {
    return refused(model::Write::server, "the server ended the subscription");
  }
  return heard;
}

}  // namespace deadcalm::probes::websocket
