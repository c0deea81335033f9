#include "probes/view/websocket/decode.h"

#include <algorithm>

#include "config/connection_policy.h"
#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"
#include "probes/http/http_step.h"
#include "probes/view/websocket/appsync.h"
#include "probes/view/websocket/graphql_transport.h"
#include "probes/view/websocket/phoenix.h"
#include "probes/view/websocket/raw.h"
#include "probes/view/websocket/websocket_view.h"

namespace deadcalm::probes::websocket {
namespace {

using config::Reader;

constexpr std::string_view kWebSocket[] = {"wss", "ws"};

struct Decoded {
  std::string url;    // for people
  std::string about;  // what is subscribed to, for people
  MakeProtocol make;
};

std::string json_of(const config::Value& value) {
  return http::render_json(value, http::Names{Canary{}});
}

// A map, as JSON; "{}" where it is absent or faulty.
std::string json_map(Reader& reader, std::string_view key, const char* hint) {
  const auto value = reader.value(key, config::no_names());
  if (!value) return "{}";
  if (std::holds_alternative<config::ValueMap>(value->data)) return json_of(*value);
  reader.fault(key, "must be a map", hint);
  return "{}";
}

std::optional<http::JsonPath> path_of(Reader& reader, std::string_view key, const std::string& text) {
  auto path = http::JsonPath::parse(text);
  if (path) return *std::move(path);
  reader.fault(key, path.error().message, "give a path like $.data.onUpdateCanary.token");
  return std::nullopt;
}

// A subscription changes nothing; a query or mutation here would be a mistake that looks alive.
std::string subscription_of(Reader& reader) {
  std::string query = reader.text("query");
  const std::size_t start = query.find_first_not_of(" \t\r\n");
  if (start != std::string::npos && query.compare(start, 12, "subscription") != 0)
    reader.fault("query", "is no subscription", "write `subscription { onUpdateCanary { id token } }`");
  return query;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

constexpr const char* kVariablesHint = "the name of each variable without its $, and its value";

Decoded decode_appsync(Reader& reader) {
  AppsyncSubscription subscription;
  subscription.url = reader.url("url", config::kHttp);
  const auto realtime = reader.optional_url("realtime_url", kWebSocket);
  if (!subscription.url.empty())
    subscription.realtime_url = realtime.value_or(appsync_realtime_url(subscription.url));
  subscription.query = subscription_of(reader);
  subscription.variables = json_map(reader, "variables", kVariablesHint);
  Decoded out{subscription.realtime_url, first_line(subscription.query), nullptr};
  out.make = [subscription = std::move(subscription)] { return std::make_unique<Appsync>(subscription); };
  return out;
}

Decoded decode_graphql_transport(Reader& reader) {
  GraphqlSubscription subscription;
  subscription.url = reader.url("url", kWebSocket);
  subscription.query = subscription_of(reader);
  subscription.variables = json_map(reader, "variables", kVariablesHint);
  subscription.payload = json_map(reader, "payload", "the fields of connection_init's payload");
  subscription.shown_in = reader.choice("auth_in", ShownIn::payload);
  Decoded out{subscription.url, first_line(subscription.query), nullptr};
  out.make = [subscription = std::move(subscription)] {
    return std::make_unique<GraphqlTransport>(subscription);
  };
  return out;
}

Decoded decode_phoenix(Reader& reader) {
  PhoenixSubscription subscription;
  subscription.url = reader.url("url", kWebSocket);
  subscription.table = reader.text("table", "");
  const auto channel = reader.optional_text("channel");
  subscription.channel = channel.value_or("realtime:deadcalm");
  if (!channel && subscription.table.empty())
    reader.fault("channel", "neither \"channel\" nor \"table\" is given",
                 "`table: canaries` for Supabase, `channel: \"room:lobby\"` for other Phoenix servers");
  for (const char* key : {"schema", "event", "filter"}) {
    if (!subscription.table.empty() || !reader.has(key)) continue;
    reader.also_known({key});
    reader.fault(key, "is about a table, and there is none", "add `table: canaries`");
  }
  if (!subscription.table.empty()) {
    static constexpr std::string_view kEvents[] = {"*", "INSERT", "UPDATE", "DELETE"};
    subscription.schema = reader.text("schema", "public");
    subscription.filter = reader.text("filter", "");
    subscription.event = kEvents[reader.word("event", kEvents).value_or(0)];
  }
  subscription.join = json_map(reader, "join", "the fields of phx_join's payload");
  const model::Secret key = reader.optional_secret("api_key").value_or(model::Secret{});
  Decoded out{subscription.url, subscription.channel, nullptr};
  if (!subscription.table.empty()) out.about = "changes of " + subscription.schema + '.' + subscription.table;
  out.make = [subscription = std::move(subscription), key] {
    return std::make_unique<Phoenix>(subscription, key.reveal());
  };
  return out;
}

Decoded decode_raw(Reader& reader) {
  RawSubscription subscription;
  subscription.url = reader.url("url", kWebSocket);
  subscription.subprotocols = reader.texts("subprotocols");
  for (const config::Node& node : reader.list_or_one("send")) {
    const auto value = config::read_value(node, config::no_names(), reader.context());
    if (!value) continue;
    const auto* text = std::get_if<config::Template>(&value->data);
    subscription.send.push_back(text != nullptr ? text->literal() : json_of(*value));
  }
  if (const auto text = reader.optional_text("acknowledged"); text && text->starts_with('$')) {
    subscription.acknowledged_path = path_of(reader, "acknowledged", *text);
  } else if (text) {
    subscription.acknowledged_text = *text;
  }
  Decoded out{subscription.url, "every message", nullptr};
  out.make = [subscription = std::move(subscription)] { return std::make_unique<Raw>(subscription); };
  return out;
}

struct Kind {
  std::string_view name;
  Decoded (*decode)(Reader&);
};
constexpr Kind kKinds[] = {{"appsync", &decode_appsync},
                           {"graphql-transport-ws", &decode_graphql_transport},
                           {"phoenix", &decode_phoenix},
                           {"raw", &decode_raw}};

const Kind* protocol_of(Reader& reader) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  if (!reader.has("protocol"))
    reader.fault("protocol", "\"protocol\" is missing", "appsync, graphql-transport-ws, phoenix or raw");
  const auto index = reader.word("protocol", names);
  return index ? &kKinds[*index] : nullptr;
}

WebSocketViewOptions decode_common(Reader& reader) {
  WebSocketViewOptions options;
  options.session.headers = http::read_headers(reader);
  options.credentials = credentials::decode_credentials(reader);
  if (const auto text = reader.optional_text("token"))
    options.session.token = path_of(reader, "token", *text);
  http::decode_tls(reader, options.session.ca_file, options.session.verify_tls);
  options.requests.ca_file = options.session.ca_file;
  options.requests.verify_tls = options.session.verify_tls;
  options.requests.policy = options.session.policy = config::read_connection_policy(reader);
  options.session.max_message_bytes =
      static_cast<std::size_t>(reader.integer("max_message_bytes", 1 << 20, 1024, 64 << 20));
  options.session.keep_alive =
      reader.optional_duration("keep_alive", std::chrono::seconds{1}, std::chrono::hours{1});
  options.reconnect_every = reader.duration("reconnect_every", std::chrono::minutes{10},
                                            std::chrono::seconds{1}, std::chrono::hours{24});
  return options;
}

}  // namespace

ViewPath decode_websocket_view(Reader& reader) {
  const Kind* kind = protocol_of(reader);
  if (kind == nullptr) {  // its keys are not known
    reader.leave_the_rest();
    return {};
  }
  const Decoded decoded = kind->decode(reader);
  WebSocketViewOptions options = decode_common(reader);
  options.protocol = decoded.make;
  ViewPath path;
  path.target = std::string(kind->name) + ' ' + decoded.url + ", " + decoded.about;
  path.make = [options = std::move(options)](ViewPlace place, const ViewDeps& deps) {
    return std::make_unique<WebSocketView>(std::move(place), options, deps);
  };
  return path;
}

}  // namespace deadcalm::probes::websocket
