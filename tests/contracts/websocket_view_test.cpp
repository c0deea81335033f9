// The propagation view against real parts: `ws` and `graphql-ws` on Node.js, a Phoenix stand-in on `ws`, and
// the AppSync stand-in. Faults are those that such servers show in production.
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "model/token.h"
#include "probes/registry.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/node_server.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Client;

namespace {

const model::Secret kKey{"test-key"};

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  tests::NodeServer server;
  std::unique_ptr<probes::View> view;
  model::Observation seen;
  std::uint64_t seq = 0;

  explicit Rig(std::string folder = "websocket",
               tests::NodeServer::Variables variables = {{"TOKEN", "t0ken"}})
      : server(std::move(folder), std::move(variables)) {
    server.start();
  }
  ~Rig() {
    if (view) tests::run_task(io, view->close());
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  // %s is the server's place, "127.0.0.1:4711".
  void watch(std::string yaml, model::Millis timeout = 2s) {
    if (view) tests::run_task(io, view->close());
    const std::string place = "127.0.0.1:" + std::to_string(server.port());
    for (std::size_t at = 0; (at = yaml.find("%s", at)) != std::string::npos;) yaml.replace(at, 2, place);
    probes::ViewPath path;
    const auto decode = [&](config::Reader& r) { path = probes::decode_view("websocket", r); };
    REQUIRE(tests::decode_yaml(yaml, environment, decode) == "");
    const probes::ViewDeps deps{clock, client, io.get_executor(), "a1b2c3d4", kKey, nullptr, &environment};
    view = path.make({"orders", "view", timeout}, deps);
  }
  model::ViewLook look() {
    seen = tests::run_task(io, view->look());
    return std::get<model::ViewLook>(seen.look);
  }
  void pass(model::Millis time) { tests::run_task(io, clock.sleep_for(time)); }
  net::awaitable<int> post_task(std::string path, std::string body) {
    runtime::HttpRequest request;
    request.method = "POST";
    request.url = server.url() + path;
    request.headers = {{"x-api-key", "da2-s3cret"}};
    request.body = std::move(body);
    const auto answer = co_await client.fetch(std::move(request));
    co_return answer ? answer->status : 0;
  }
  void post(std::string path, std::string body) {
    REQUIRE(tests::run_task(io, post_task(std::move(path), std::move(body))) == 200);
  }
  void mode(const std::string& name) { post("/_control", R"({"mode":")" + name + R"("})"); }
  std::string token(const model::Secret& key = kKey) {
    return model::encode({"s1-api", ++seq, clock.now().wall, "0123abcd"}, key);
  }
  // The newest number a look has seen within two seconds.
  std::uint64_t sees(std::uint64_t wanted) {
    std::uint64_t newest = 0;
    for (int i = 0; i < 40 && newest != wanted; ++i) {
      if (i > 0) pass(50ms);
      const model::ViewLook last = look();
      REQUIRE(last.client == Client::ok);
      newest = last.newest ? last.newest->seq : 0;
    }
    return newest;
  }
  // A fault's look: the class and the words, and that the look kept its time.
  void fails(const std::string& step, const std::string& words) {
    INFO(words);
    CHECK(look().client == Client::fail);
    INFO(seen.detail);
    CHECK(seen.step == step);
    CHECK_THAT(seen.detail, Catch::Contains(words));
    CHECK(seen.ended.steady - seen.started.steady < 3s);
  }
};

const char* const kGraphql =
    "{protocol: graphql-transport-ws, url: 'ws://%s/graphql', query: 'subscription { noteChanged { text } "
    "}', "
    "auth: {bearer: t0ken}, token: $.data.noteChanged.text}";
const char* const kPhoenix =
    "{protocol: phoenix, url: 'ws://%s/phoenix', table: canaries, auth: {bearer: t0ken}, "
    "token: $.data.record.note}";
const char* const kRaw =
    "{protocol: raw, url: 'ws://%s/raw', send: SUB, acknowledged: SUBSCRIBED, auth: {bearer: t0ken}}";
const char* const kAppsync =
    "{protocol: appsync, url: 'http://%s/graphql', auth: {api_key: da2-s3cret}, "
    "query: 'subscription { onCreateCanary { id token } }', token: $.data.onCreateCanary.token}";

// A server's certificate for 127.0.0.1, valid or long since expired.
struct Certificate {
  tests::TempDir dir;
  std::string key = dir.file("key.pem"), certificate = dir.file("cert.pem");

  explicit Certificate(bool expired) {
    std::ofstream(dir.file("index")).flush();
    std::ofstream(dir.file("ca.cnf"))
        << "[ca]\ndefault_ca=c\n[c]\ndatabase=" << dir.file("index") << "\nserial=" << dir.file("serial")
        << "\nnew_certs_dir=" << dir.file("") << "\npolicy=p\ndefault_md=sha256\nrand_serial=yes\n"
        << "[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:true\n";
    REQUIRE(tests::run_command({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                                "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                                dir.file("req.pem"), "-subj", "/CN=127.0.0.1"}) == 0);
    REQUIRE(
        tests::run_command({"openssl", "ca", "-batch", "-selfsign", "-keyfile", key, "-in",
                            dir.file("req.pem"), "-out", certificate, "-notext", "-startdate",
                            "20200101000000Z", "-enddate", expired ? "20200201000000Z" : "20990101000000Z",
                            "-config", dir.file("ca.cnf"), "-extensions", "e"},
                           dir.file("log")) == 0);
  }
  tests::NodeServer::Variables variables() const { return {{"CERT", certificate}, {"KEY", key}}; }
};

}  // namespace

TEST_CASE("websocket view: subscribed first, then written, then seen; in every protocol") {
  Rig rig;
  for (const char* protocol : {kGraphql, kPhoenix, kRaw}) {
    INFO(protocol);
    rig.watch(protocol);
    CHECK(rig.look().client == Client::ok);
    INFO(rig.seen.detail);
    CHECK_FALSE(std::get<model::ViewLook>(rig.seen.look).newest);
    rig.post("/write", rig.token(model::Secret("somebody else's")));
    rig.post("/write", rig.token());
    CHECK(rig.sees(rig.seq) == rig.seq);
    const auto look = std::get<model::ViewLook>(rig.seen.look);
    CHECK(look.cache == model::CacheClass::origin);
    CHECK(look.newest->stream == "s1-api");
  }
}

TEST_CASE("websocket view: what declines the upgrade has its class") {
  Rig rig;
  for (const char* protocol : {kGraphql, kPhoenix, kRaw}) {
    for (const auto& [status, words] : {std::pair{"401", "auth: HTTP 401: {\"message\":\"not today\"}"},
                                        {"403", "auth: HTTP 403"},
                                        {"404", "server: HTTP 404"},
                                        {"503", "server: HTTP 503"}}) {
      rig.watch(protocol);
      rig.mode(std::string("http_") + status);
      rig.fails("handshake", words);
      rig.mode("ok");
      CHECK(rig.look().client == Client::ok);
    }
  }
}

TEST_CASE("websocket view: no answer to the upgrade, and none to the subscription") {
  Rig rig;
  for (const auto& [protocol, waits_for] : {std::pair{kGraphql, "connection_ack"},
                                            {kPhoenix, "phx_reply"},
                                            {kRaw, "message with \"SUBSCRIBED\""}}) {
    rig.watch(protocol, 500ms);
    rig.mode("black_hole");
    rig.fails("handshake", "net: no answer to the upgrade in time");
    rig.mode("silent");
    rig.fails("subscribe", std::string("net: connected, but no ") + waits_for);
    rig.mode("ok");
    CHECK(rig.look().client == Client::ok);
  }
}

TEST_CASE("websocket view: a refused subscription is told in the server's words") {
  Rig rig;
  rig.mode("refuses");
  rig.watch(kGraphql);
  rig.fails("subscribe", "auth: GraphQL error FORBIDDEN: canary may not read notes");
  rig.watch(kPhoenix);
  rig.fails("subscribe", "contract: Unable to subscribe to changes with given parameters");
  rig.watch(kRaw);
  rig.fails("subscribe", "canary may not read notes");
  CHECK_THAT(rig.seen.detail, Catch::StartsWith("auth: "));
}

TEST_CASE("websocket view: a token that is not let in") {
  Rig rig;
  const auto wrong = [](std::string yaml) {
    return yaml.replace(yaml.find("bearer: t0ken"), 13, "bearer: wrong");
  };
  rig.watch(wrong(kGraphql));
  rig.fails("subscribe", "code 4403: Forbidden");
  CHECK_THAT(rig.seen.detail, Catch::StartsWith("auth: "));
  rig.watch(wrong(kPhoenix));
  rig.fails("subscribe", "auth: Unauthorized");
  rig.watch(wrong(kRaw));
  rig.fails("handshake", "auth: HTTP 401");
}

TEST_CASE("websocket view: connected, and nothing arrives, is no failure of the look and shows no token") {
  Rig rig;
  rig.watch(kGraphql);
  const model::ViewLook first = rig.look();
  rig.mode("mute");
  rig.post("/write", rig.token());
  rig.pass(300ms);
  const model::ViewLook look = rig.look();
  CHECK(look.client == Client::ok);
  CHECK_FALSE(look.newest);
  CHECK(look.cache == model::CacheClass::unknown);
  REQUIRE(look.listening_since);
  CHECK(look.listening_since == first.listening_since);
}

TEST_CASE("websocket view: not the protocol it should be") {
  Rig rig;
  rig.watch(
      "{protocol: graphql-transport-ws, url: 'ws://%s/raw', query: 'subscription { a }', auth: {bearer: "
      "t0ken}}");
  rig.fails("handshake", "contract: the server chose no subprotocol, not graphql-transport-ws");
  rig.mode("garbage");
  rig.watch("{protocol: phoenix, url: 'ws://%s/raw', table: canaries, auth: {bearer: t0ken}}");
  rig.fails("subscribe", "contract: a message that is no JSON object");
  rig.watch("{protocol: raw, url: 'ws://%s/nowhere'}");
  rig.fails("handshake", "server: HTTP 404");
}

TEST_CASE("websocket view: an oversized message ends the session, and the look after makes another") {
  Rig rig;
  rig.watch(kRaw);
  CHECK(rig.look().client == Client::ok);
  rig.mode("oversized");
  rig.post("/write", rig.token());
  rig.pass(300ms);
  rig.mode("ok");
  CHECK(rig.look().client == Client::ok);
  CHECK_THAT(rig.seen.detail, Catch::Contains("ended: contract: a message of more than 1048576 bytes"));
  rig.post("/write", rig.token());
  CHECK(rig.sees(rig.seq) == rig.seq);
}

TEST_CASE("websocket view: a server that goes away and one that closes with 1001") {
  Rig rig;
  for (const char* protocol : {kGraphql, kPhoenix, kRaw}) {
    rig.watch(protocol);
    CHECK(rig.look().client == Client::ok);
    rig.post("/_control", R"({"end":1001})");
    rig.pass(200ms);
    CHECK(rig.look().client == Client::ok);
    CHECK_THAT(rig.seen.detail, Catch::Contains("closed by the server, code 1001: going away"));
    rig.server.kill();
    rig.pass(100ms);
    rig.fails("connect", "Connection refused");
    CHECK_THAT(rig.seen.detail, Catch::Contains("the session of before ended: net: "));
    rig.server.start();
    CHECK(rig.look().client == Client::ok);
    rig.post("/write", rig.token());
    CHECK(rig.sees(rig.seq) == rig.seq);
  }
}

TEST_CASE("websocket view: half open, a server that stands still is noticed by the look") {
  Rig rig;
  rig.watch(kPhoenix);
  CHECK(rig.look().client == Client::ok);
  rig.pass(100ms);  // its first pong
  rig.server.signal(SIGSTOP);
  rig.fails("handshake", "no answer to a ping within 1 s");
  rig.server.signal(SIGCONT);
  CHECK(rig.look().client == Client::ok);
}

TEST_CASE("websocket view: over TLS, only with a certificate that is valid and known") {
  const Certificate valid(false), expired(true);
  const auto yaml = [](const std::string& tls) {
    return "{protocol: raw, url: 'wss://%s/raw', send: SUB, acknowledged: SUBSCRIBED" + tls + "}";
  };
  Rig rig("websocket", valid.variables());
  rig.watch(yaml(", tls: {ca_file: " + valid.certificate + "}"));
  CHECK(rig.look().client == Client::ok);
  INFO(rig.seen.detail);
  CHECK(rig.look().client == Client::ok);
  rig.watch(yaml(""));
  rig.fails("connect", "TLS: self-signed certificate");
  Rig old("websocket", expired.variables());
  old.watch(yaml(", tls: {ca_file: " + expired.certificate + "}"));
  old.fails("connect", "net: TLS: certificate has expired");
}

TEST_CASE("websocket view: AppSync, by key; a wrong key, a refused subscription, a server that is mute") {
  Rig rig("appsync", {{"API_KEY", "da2-s3cret"}});
  const auto create = [&](const std::string& token) {
    const boost::json::object input{{"id", "c" + std::to_string(rig.seq)}, {"token", token}};
    rig.post(
        "/graphql",
        boost::json::serialize(boost::json::object{
            {"query", "mutation M($input: CreateCanaryInput!) { createCanary(input: $input) { id token } }"},
            {"variables", {{"input", input}}}}));
  };
  rig.watch(kAppsync);
  CHECK(rig.look().client == Client::ok);
  INFO(rig.seen.detail);
  create(rig.token());
  CHECK(rig.sees(1) == 1);
  rig.mode("mute");
  create(rig.token());
  rig.pass(200ms);
  CHECK(rig.sees(1) == 1);
  rig.mode("refuses_subscriptions");
  rig.watch(kAppsync);
  rig.fails("subscribe", "auth: ");
  CHECK_THAT(rig.seen.detail, Catch::Contains("Not Authorized to access onUpdateCanary"));
  rig.mode("ok");
  rig.watch(std::string(kAppsync).replace(std::string(kAppsync).find("da2-s3cret"), 10, "da2-wrong"));
  rig.fails("handshake", "auth: HTTP 401");
}
