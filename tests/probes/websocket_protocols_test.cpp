// What each protocol sends and how it understands what comes, as tables.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "probes/aws/sigv4.h"
#include "probes/view/websocket/appsync.h"
#include "probes/view/websocket/graphql_transport.h"
#include "probes/view/websocket/phoenix.h"
#include "probes/view/websocket/raw.h"

using namespace deadcalm;
using namespace deadcalm::probes::websocket;
using namespace std::chrono_literals;
using model::Write;
namespace json = boost::json;

namespace {

struct Row {
  const char* message;
  Meaning meaning;
  const char* text = "";  // contained in what it says
  Write failure = Write::server;
  std::size_t sends = 0;
};

void check(Protocol& protocol, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.message);
    const Heard heard = protocol.hear(row.message);
    CHECK(model::name(heard.meaning) == model::name(row.meaning));
    CHECK_THAT(heard.text, Catch::Contains(row.text));
    CHECK(heard.send.size() == row.sends);
    if (row.meaning == Meaning::refused) CHECK(model::name(heard.failure) == model::name(row.failure));
  }
}

Opening open(Protocol& protocol, const runtime::Headers& shown = {}) {
  auto requests = protocol.to_authorize();
  for (auto& request : requests) request.headers.insert(request.headers.end(), shown.begin(), shown.end());
  return protocol.opening(std::move(requests));
}

json::value header_in(const std::string& subprotocol) {
  REQUIRE(subprotocol.starts_with("header-"));
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : subprotocol.substr(7)) {
    static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    REQUIRE(kDigits.find(c) != std::string::npos);  // nothing that a subprotocol may not hold
    bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(c));
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 255);
  }
  return json::parse(bytes);
}

AppsyncSubscription appsync() {
  AppsyncSubscription subscription;
  subscription.url = "https://abc123.appsync-api.eu-central-1.amazonaws.com/graphql";
  subscription.realtime_url = appsync_realtime_url(subscription.url);
  subscription.query = "subscription { onUpdateCanary { id token } }";
  return subscription;
}

}  // namespace

TEST_CASE("appsync: where an API pushes") {
  CHECK(appsync_realtime_url("https://abc.appsync-api.eu-central-1.amazonaws.com/graphql") ==
        "wss://abc.appsync-realtime-api.eu-central-1.amazonaws.com/graphql");
  CHECK(appsync_realtime_url("https://api.example.com/graphql") == "wss://api.example.com/graphql/realtime");
  CHECK(appsync_realtime_url("http://127.0.0.1:4000/graphql") == "ws://127.0.0.1:4000/graphql/realtime");
}

TEST_CASE("appsync: who we are goes with the upgrade and with the subscription") {
  Appsync protocol(appsync());
  const Opening opening = open(protocol, {{"x-api-key", "da2-key"}});
  CHECK(opening.request.url == "wss://abc123.appsync-realtime-api.eu-central-1.amazonaws.com/graphql");
  CHECK(opening.subprotocol == "graphql-ws");
  REQUIRE(opening.request.subprotocols.size() == 2);
  CHECK(opening.request.subprotocols[0] == "graphql-ws");
  const json::value header = header_in(opening.request.subprotocols[1]);
  CHECK(header.at("host") == "abc123.appsync-api.eu-central-1.amazonaws.com");
  CHECK(header.at("x-api-key") == "da2-key");
  CHECK(opening.request.headers.empty());  // the key is not sent a second time, as a header
  CHECK(opening.send == std::vector<std::string>{R"({"type":"connection_init"})"});
  CHECK(opening.longest_silence == 5min);

  const Heard ack = protocol.hear(R"({"type":"connection_ack","payload":{"connectionTimeoutMs":120000}})");
  CHECK(ack.longest_silence == 2min);
  REQUIRE(ack.send.size() == 1);
  const json::value start = json::parse(ack.send[0]);
  CHECK(start.at("type") == "start");
  const json::value& payload = start.at("payload");
  CHECK(payload.at("data") == R"({"query":"subscription { onUpdateCanary { id token } }","variables":{}})");
  CHECK(payload.at("extensions").at("authorization").at("x-api-key") == "da2-key");
}

TEST_CASE("appsync: signatures cover the connection and the subscription apart") {
  Appsync protocol(appsync());
  auto requests = protocol.to_authorize();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].url == "https://abc123.appsync-api.eu-central-1.amazonaws.com/graphql/connect");
  CHECK(requests[0].body == "{}");
  CHECK(requests[1].url == "https://abc123.appsync-api.eu-central-1.amazonaws.com/graphql");
  for (auto& request : requests)
    probes::aws::sign(request, {"eu-central-1", "appsync"}, {"AKIDEXAMPLE", model::Secret("s3cret"), {}, {}},
                      model::from_unix_millis(1'800'000'000'000));
  const Opening opening = protocol.opening(requests);
  const json::value header = header_in(opening.request.subprotocols[1]);
  const std::string signed_with(header.at("Authorization").as_string());
  CHECK_THAT(signed_with,
             Catch::Contains("SignedHeaders=accept;content-encoding;content-type;host;x-amz-date"));
  const json::value start = json::parse(protocol.hear(R"({"type":"connection_ack"})").send.at(0));
  const json::value& shown = start.at("payload").at("extensions").at("authorization");
  CHECK(shown.at("Authorization").as_string() != header.at("Authorization").as_string());
  CHECK(shown.as_object().contains("X-Amz-Date"));
}

TEST_CASE("appsync: what a message means") {
  Appsync protocol(appsync());
  (void)open(protocol);
  CHECK(protocol.waits_for() == "connection_ack");
  check(
      protocol,
      {
          {R"({"type":"connection_ack","payload":{"connectionTimeoutMs":300000}})",
           Meaning::alive,
           "",
           {},
           1},
          {R"({"type":"ka"})", Meaning::alive},
          {R"({"id":"1","type":"start_ack"})", Meaning::acknowledged},
          {R"({"id":"1","type":"data","payload":{"data":{"onUpdateCanary":{"token":"dc1.x"}}}})",
           Meaning::pushed, "dc1.x"},
          {R"({"type":"connection_error","payload":{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized"}]}})",
           Meaning::refused, "You are not authorized", Write::auth},
          {R"({"id":"1","type":"error","payload":{"errors":[{"errorType":"Unauthorized","message":"Not Authorized to access onUpdateCanary"}]}})",
           Meaning::refused, "Not Authorized", Write::auth},
          {R"({"id":"1","type":"data","payload":{"data":null,"errors":[{"errorType":"Unauthorized","message":"no"}]}})",
           Meaning::refused, "no", Write::auth},
          {R"({"id":"1","type":"data","payload":{"data":{"onUpdateCanary":null},"errors":[{"errorType":"Unauthorized","message":"no"}]}})",
           Meaning::refused, "no", Write::auth},
          {R"({"id":"1","type":"data","payload":{"data":{"onUpdateCanary":{"token":"dc1.x","owner":null}},"errors":[{"message":"owner"}]}})",
           Meaning::pushed, "dc1.x"},
          {R"({"id":"1","type":"error"})", Meaning::refused, "error", Write::server},
          {R"({"id":"1","type":"complete"})", Meaning::refused, "ended the subscription", Write::server},
          {R"({"type":"something_new"})", Meaning::ignored},
          {R"({})", Meaning::ignored},
          {"{", Meaning::refused, "no JSON object", Write::contract},
          {"[]", Meaning::refused, "no JSON object", Write::contract},
          {"", Meaning::refused, "no JSON object", Write::contract},
          {"\xff\xfe", Meaning::refused, "no JSON object", Write::contract},
      });
  CHECK(protocol.waits_for() == "start_ack");
}

TEST_CASE("graphql-transport-ws: where who we are is shown") {
  const runtime::Headers shown{{"Authorization", "Bearer t0ken"}};
  const auto init = [&](ShownIn where) {
    GraphqlSubscription subscription;
    subscription.url = "wss://api.example.com/graphql";
    subscription.payload = R"({"tenant":"canary"})";
    subscription.shown_in = where;
    GraphqlTransport protocol(subscription);
    const Opening opening = open(protocol, shown);
    CHECK(opening.request.headers == shown);
    CHECK(opening.request.subprotocols == std::vector<std::string>{"graphql-transport-ws"});
    CHECK(opening.subprotocol == "graphql-transport-ws");
    return opening.send.at(0);
  };
  CHECK(init(ShownIn::payload) ==
        R"({"type":"connection_init","payload":{"tenant":"canary","Authorization":"Bearer t0ken"}})");
  CHECK(
      init(ShownIn::payload_headers) ==
      R"({"type":"connection_init","payload":{"tenant":"canary","headers":{"Authorization":"Bearer t0ken"}}})");
  CHECK(init(ShownIn::upgrade) == R"({"type":"connection_init","payload":{"tenant":"canary"}})");
}

TEST_CASE("graphql-transport-ws: what a message means") {
  GraphqlSubscription subscription;
  subscription.url = "wss://api.example.com/graphql";
  subscription.query = "subscription { canary }";
  subscription.variables = R"({"n":1})";
  GraphqlTransport protocol(subscription);
  (void)open(protocol);
  const Heard ack = protocol.hear(R"({"type":"connection_ack"})");
  CHECK(ack.send.at(0) ==
        R"({"id":"1","type":"subscribe","payload":{"query":"subscription { canary }","variables":{"n":1}}})");
  check(
      protocol,
      {
          {R"({"type":"connection_ack"})", Meaning::acknowledged, "", {}, 1},
          {R"({"type":"ping"})", Meaning::alive, "", {}, 1},
          {R"({"type":"pong","payload":{}})", Meaning::alive},
          {R"({"id":"1","type":"next","payload":{"data":{"canary":"dc1.x"}}})", Meaning::pushed, "dc1.x"},
          {R"({"id":"1","type":"next","payload":{"data":null,"errors":[{"message":"Forbidden","extensions":{"code":"FORBIDDEN"}}]}})",
           Meaning::refused, "Forbidden", Write::auth},
          {R"({"id":"1","type":"error","payload":[{"message":"Cannot query field \"canary\"","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]})",
           Meaning::refused, "Cannot query field", Write::contract},
          {R"({"id":"1","type":"complete"})", Meaning::refused, "ended the subscription", Write::server},
          {"ok", Meaning::refused, "graphql-transport-ws", Write::contract},
      });
  CHECK(protocol.heartbeat() == R"({"type":"ping"})");
}

TEST_CASE("phoenix: joining a channel for the changes of a table") {
  PhoenixSubscription subscription;
  subscription.url = "wss://abc.supabase.co/realtime/v1/websocket";
  subscription.channel = "realtime:deadcalm";
  subscription.table = "canaries";
  subscription.filter = "tenant=eq.canary";
  const auto join = [&](const runtime::Headers& shown) {
    Phoenix protocol(subscription, "anon key");
    const Opening opening = open(protocol, shown);
    CHECK(opening.request.url == "wss://abc.supabase.co/realtime/v1/websocket?vsn=1.0.0&apikey=anon%20key");
    CHECK(opening.heartbeat_every == 25s);
    return json::parse(opening.send.at(0));
  };
  const json::value by_key = join({});
  CHECK(by_key.at("event") == "phx_join");
  CHECK(by_key.at("topic") == "realtime:deadcalm");
  CHECK(by_key.at("payload").at("access_token") == "anon key");
  CHECK(by_key.at("payload").at("config").at("postgres_changes") ==
        json::parse(R"([{"event":"*","schema":"public","table":"canaries","filter":"tenant=eq.canary"}])"));
  CHECK(join({{"Authorization", "Bearer jwt"}}).at("payload").at("access_token") == "jwt");
}

TEST_CASE("phoenix: joined is not subscribed, until the server has its stream of changes") {
  PhoenixSubscription subscription;
  subscription.url = "wss://abc.supabase.co/realtime/v1/websocket";
  subscription.channel = "realtime:deadcalm";
  subscription.table = "canaries";
  Phoenix protocol(subscription, "");
  (void)open(protocol);
  CHECK(protocol.waits_for() == "phx_reply to phx_join");
  check(
      protocol,
      {
          {R"({"topic":"realtime:deadcalm","event":"phx_reply","ref":"1","payload":{"status":"ok","response":{"postgres_changes":[{"id":7}]}}})",
           Meaning::alive},
          {R"({"topic":"realtime:deadcalm","event":"presence_state","ref":null,"payload":{}})",
           Meaning::alive},
          {R"({"topic":"realtime:deadcalm","event":"system","ref":null,"payload":{"status":"ok","extension":"postgres_changes","message":"Subscribed to PostgreSQL"}})",
           Meaning::acknowledged},
          {R"({"topic":"phoenix","event":"phx_reply","ref":"h1","payload":{"status":"ok","response":{}}})",
           Meaning::alive},
          {R"({"topic":"realtime:deadcalm","event":"postgres_changes","ref":null,"payload":{"ids":[7],"data":{"type":"INSERT","record":{"note":"dc1.x"}}}})",
           Meaning::pushed, "dc1.x"},
          {R"({"topic":"realtime:another","event":"postgres_changes","payload":{"data":{"record":{"note":"dc1.y"}}}})",
           Meaning::alive},
          {R"({"topic":"realtime:deadcalm","event":"broadcast","payload":{"note":"dc1.z"}})", Meaning::alive},
          {R"({"topic":"realtime:deadcalm","event":"phx_error","payload":{}})", Meaning::refused, "phx_error",
           Write::server},
          {R"({"topic":"realtime:deadcalm","event":"phx_close","payload":{}})", Meaning::refused, "phx_close",
           Write::server},
          {R"({"topic":"realtime:deadcalm","event":"phx_reply","ref":"1","payload":{"status":"error","response":{"reason":"Unauthorized: You do not have permissions to read from this Channel topic"}}})",
           Meaning::refused, "Unauthorized", Write::auth},
          {R"({"topic":"realtime:deadcalm","event":"phx_reply","ref":"1","payload":{"status":"error","response":{"reason":"InvalidJWTToken: Token has expired 20 seconds ago"}}})",
           Meaning::refused, "expired", Write::auth},
          {R"({"topic":"realtime:deadcalm","event":"phx_reply","ref":"1","payload":{"status":"error","response":{"reason":"unmatched topic"}}})",
           Meaning::refused, "unmatched topic", Write::contract},
          {R"({"topic":"realtime:deadcalm","event":"phx_reply","ref":"1","payload":{"status":"error","response":{"reason":"ClientJoinRateLimitReached: Too many joins per second"}}})",
           Meaning::refused, "Too many", Write::throttle},
          {R"({"topic":"realtime:deadcalm","event":"system","payload":{"status":"error","extension":"postgres_changes","message":"Unable to subscribe to changes with given parameters"}})",
           Meaning::refused, "Unable to subscribe", Write::contract},
          {R"({"topic":"realtime:deadcalm","event":"system","payload":{"status":"error","extension":"postgres_changes","message":"Subscribing to PostgreSQL failed"}})",
           Meaning::refused, "failed", Write::server},
          {R"(["1","1","realtime:deadcalm","phx_reply",{}])", Meaning::refused, "Phoenix", Write::contract},
      });
  CHECK_THAT(protocol.waits_for(), Catch::Contains("Subscribed to PostgreSQL"));
  CHECK(protocol.heartbeat() == R"({"topic":"phoenix","event":"heartbeat","payload":{},"ref":"h1"})");
  CHECK_THAT(protocol.heartbeat(), Catch::Contains("h2"));
}

TEST_CASE("phoenix: a channel without tables acknowledges by its reply, and every event may hold a token") {
  PhoenixSubscription subscription;
  subscription.url = "wss://shop.example.com/socket/websocket?tenant=canary";
  subscription.channel = "orders:all";
  subscription.join = R"({"user":"canary"})";
  Phoenix protocol(subscription, "");
  const Opening opening = open(protocol);
  CHECK(opening.request.url == "wss://shop.example.com/socket/websocket?tenant=canary&vsn=1.0.0");
  CHECK(json::parse(opening.send.at(0)).at("payload") == json::parse(R"({"user":"canary"})"));
  check(
      protocol,
      {
          {R"({"topic":"orders:all","event":"phx_reply","ref":"1","payload":{"status":"ok","response":{}}})",
           Meaning::acknowledged},
          {R"({"topic":"orders:all","event":"new_order","payload":{"note":"dc1.x"}})", Meaning::pushed,
           "dc1.x"},
          {R"({"topic":"orders:all","event":"presence_diff","payload":{}})", Meaning::alive},
      });
}

TEST_CASE("raw: an acknowledgement by text, by path, or none") {
  RawSubscription subscription;
  subscription.url = "wss://push.example.com/";
  subscription.send = {"SUB canaries"};
  Raw at_once(subscription);
  CHECK(open(at_once).acknowledged);
  check(at_once, {{"SUBSCRIBED dc1.x", Meaning::pushed, "dc1.x"}, {"", Meaning::pushed}});

  subscription.acknowledged_text = "SUBSCRIBED";
  Raw by_text(subscription);
  const Opening opening = open(by_text, {{"Authorization", "Bearer t0ken"}});
  CHECK_FALSE(opening.acknowledged);
  CHECK(opening.send == std::vector<std::string>{"SUB canaries"});
  CHECK(opening.request.headers == runtime::Headers{{"Authorization", "Bearer t0ken"}});
  CHECK(opening.heartbeat_every == 25s);
  CHECK(by_text.heartbeat().empty());  // a ping of the socket itself
  CHECK(by_text.waits_for() == R"(message with "SUBSCRIBED")");
  check(by_text,
        {{"HELLO", Meaning::pushed}, {"SUBSCRIBED", Meaning::acknowledged}, {"SUBSCRIBED", Meaning::pushed}});

  subscription.acknowledged_path = probes::http::JsonPath::parse("$.ok.id").value();
  Raw by_path(subscription);
  (void)open(by_path);
  check(by_path, {{"HELLO", Meaning::pushed},
                  {R"({"ok":1})", Meaning::pushed},
                  {R"({"ok":{"id":null}})", Meaning::acknowledged}});
}

TEST_CASE("close codes that refuse, and those that merely end") {
  const std::pair<int, std::optional<Write>> rows[] = {{1000, {}},
                                                       {1001, {}},
                                                       {1006, {}},
                                                       {1012, {}},
                                                       {4000, {}},
                                                       {4999, {}},
                                                       {0, {}},
                                                       {1002, Write::contract},
                                                       {1003, Write::contract},
                                                       {1007, Write::contract},
                                                       {1008, Write::auth},
                                                       {1011, Write::server},
                                                       {1013, Write::throttle},
                                                       {4400, Write::contract},
                                                       {4401, Write::auth},
                                                       {4403, Write::auth},
                                                       {4406, Write::contract},
                                                       {4408, Write::net},
                                                       {4409, Write::contract},
                                                       {4429, Write::throttle},
                                                       {4500, Write::server}};
  for (const auto& [code, failure] : rows) {
    INFO(code);
    CHECK(refusal_by_code(code) == failure);
  }
}
