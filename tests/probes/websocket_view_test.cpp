// The session between looks, on the fake clock: what a look says of a server that pushes, falls silent,
// closes, refuses or is gone.
#include "probes/view/websocket/websocket_view.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "model/token.h"
#include "probes/view/websocket/raw.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_websocket.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Client;
using model::Millis;
using model::Write;
namespace ws = probes::websocket;

namespace {

const model::Secret kKey{"test-key"};

// Shows a token that is replaced when it is refused, and ends when the test says.
struct ScriptedCredentials final : probes::http::Credentials {
  struct Script {
    int asked = 0, refusals = 0;
    std::optional<model::CredentialExpiry> ends;
    std::optional<probes::StepFailure> fails;
  };
  explicit ScriptedCredentials(Script& s) : script(s) {}
  net::awaitable<std::expected<void, probes::StepFailure>> authorize(runtime::HttpRequest& request,
                                                                     model::SteadyTime) override {
    ++script.asked;
    if (script.fails) co_return std::unexpected(*script.fails);
    request.headers.emplace_back("Authorization", "token " + std::to_string(script.refusals));
    co_return std::expected<void, probes::StepFailure>{};
  }
  void refused() override { ++script.refusals; }
  std::optional<model::CredentialExpiry> expiry() const override { return script.ends; }
  Script& script;
};

struct Bench {
  net::io_context io;
  tests::FakeClock clock{io};
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  tests::PushServer server;
  ScriptedCredentials::Script credentials;
  ws::WebSocketViewOptions options;
  std::unique_ptr<ws::WebSocketView> view;
  model::Observation seen;

  Bench() {
    ws::RawSubscription subscription;
    subscription.url = "wss://push.example.com/";
    subscription.send = {"SUB canaries"};
    subscription.acknowledged_text = "ACK";
    options.protocol = [subscription] { return std::make_unique<ws::Raw>(subscription); };
    options.reconnect_every = 24h;
  }
  ~Bench() {
    if (view) run(view->close(), 1s);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void run(net::awaitable<void> task, Millis most) {
    bool done = false;
    net::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
      done = true;
      CHECK_FALSE(e);
    });
    clock.advance(0ms);
    for (Millis spent{0}; !done && spent < most; spent += 50ms) clock.advance(50ms);
    REQUIRE(done);
  }
  net::awaitable<void> look_task() { seen = co_await view->look(); }

  // Ends by its time-out of 10 s.
  model::ViewLook look() {
    if (!view) {
      const probes::ViewDeps deps{clock, client, io.get_executor(), "a1b2c3d4", kKey, nullptr, &environment};
      view = std::make_unique<ws::WebSocketView>(probes::ViewPlace{"orders", "view", 10s}, options, deps,
                                                 std::make_unique<tests::ScriptedOpener>(server, clock));
    }
    run(look_task(), 10s + 100ms);
    return std::get<model::ViewLook>(seen.look);
  }
  void with_credentials() {
    options.credentials = [this](const probes::credentials::CredentialDeps&) {
      return std::make_unique<ScriptedCredentials>(credentials);
    };
  }
  std::string token(std::uint64_t seq, const model::Secret& key = kKey) const {
    return model::encode({"s1-api", seq, clock.now().wall, "0123abcd"}, key);
  }
  std::uint64_t newest() {
    const auto newest_token = look().newest;
    return newest_token ? newest_token->seq : 0;
  }
};

runtime::WebSocketFailure declined(int status) {
  runtime::WebSocketFailure failure;
  failure.fault = runtime::WebSocketFault::declined;
  failure.answer.status = status;
  return failure;
}

}  // namespace

TEST_CASE("subscribed first: what is pushed between looks is told by the next one, with when it came") {
  Bench bench;
  const model::ViewLook first = bench.look();
  CHECK(first.client == Client::ok);
  CHECK(first.http_status == 101);
  CHECK_FALSE(first.newest);
  REQUIRE(first.listening_since);
  CHECK(bench.server.heard == std::vector<std::string>{"SUB canaries"});

  const std::string token = bench.token(7);
  const model::WallTime written = bench.clock.now().wall;
  bench.clock.advance(350ms);
  bench.server.push("a change: " + token);
  bench.clock.advance(59s);
  const model::ViewLook second = bench.look();
  REQUIRE(second.newest);
  CHECK(second.newest->stream == "s1-api");
  CHECK(second.newest->seq == 7);
  CHECK(second.newest->written == written);
  CHECK(second.cache == model::CacheClass::origin);
  CHECK(second.cache_evidence == "pushed 350 ms after it was written");
  CHECK(second.listening_since == first.listening_since);
  CHECK(bench.server.opened == 1);

  bench.clock.advance(60s);
  const model::ViewLook third = bench.look();  // nothing new: known still, and no evidence of anything
  CHECK(third.newest == second.newest);
  CHECK(third.cache == model::CacheClass::unknown);
}

TEST_CASE("a forged token is no token, an old one is not newer, and of several the newest counts") {
  Bench bench;
  (void)bench.look();
  bench.server.push(bench.token(99, model::Secret("another-key")));
  CHECK(bench.newest() == 0);
  const std::string old = bench.token(3);
  bench.clock.advance(1s);
  const std::string middle = bench.token(4);
  bench.clock.advance(1s);
  bench.server.push(middle + ' ' + bench.token(5) + ' ' + old);
  CHECK(bench.newest() == 5);
  bench.server.push(old);
  CHECK(bench.newest() == 5);
}

TEST_CASE("token: where a path is given, tokens elsewhere are not ours to see") {
  Bench bench;
  bench.options.session.token = probes::http::JsonPath::parse("$.record.note").value();
  (void)bench.look();
  bench.server.push(R"({"old_record":{"note":")" + bench.token(8) + R"("}})");
  bench.server.push("not JSON " + bench.token(9));
  CHECK(bench.newest() == 0);
  bench.server.push(R"({"record":{"note":")" + bench.token(10) + R"("}})");
  CHECK(bench.newest() == 10);
}

TEST_CASE("each way to be refused has its class, and the server's own words") {
  const std::tuple<int, const char*, Client> rows[] = {
      {401, "auth: HTTP 401", Client::fail},   {403, "auth: HTTP 403", Client::fail},
      {404, "server: HTTP 404", Client::fail}, {429, "throttle: HTTP 429", Client::fail},
      {503, "server: HTTP 503", Client::fail}, {200, "HTTP 200 instead of a WebSocket", Client::fail}};
  for (const auto& [status, words, client] : rows) {
    Bench bench;
    bench.server.declines = declined(status);
    const model::ViewLook look = bench.look();
    CHECK(look.client == client);
    CHECK(look.http_status == status);
    CHECK(bench.seen.step == "handshake");
    CHECK_THAT(bench.seen.detail, Catch::Contains(words));
    CHECK_FALSE(look.listening_since);
  }
  Bench bench;
  bench.server.refuses_with = "Forbidden: canary may not read orders";
  CHECK(bench.look().client == Client::fail);
  CHECK(bench.seen.step == "subscribe");
  CHECK_THAT(bench.seen.detail, Catch::StartsWith("auth: ") && Catch::Contains("canary may not read orders"));
  bench.server.refuses_with.clear();
  CHECK(bench.look().client == Client::ok);
}

TEST_CASE("our own fault is unknown, and a server that hangs is cut at the time-out") {
  Bench bench;
  bench.server.declines = runtime::WebSocketFailure{runtime::WebSocketFault::own, "Too many open files"};
  CHECK(bench.look().client == Client::unknown);
  bench.server.declines.reset();
  bench.server.hangs = true;
  CHECK(bench.look().client == Client::fail);
  CHECK(bench.seen.ended.steady - bench.seen.started.steady == 10s);
  CHECK(bench.seen.detail == "net: no answer to the upgrade in time");
  bench.server.hangs = false;
  bench.server.acknowledges = false;
  CHECK(bench.look().client == Client::fail);
  CHECK(bench.seen.step == "subscribe");
  CHECK(bench.seen.detail == R"(net: connected, but no message with "ACK" in time)");
  CHECK(bench.server.open.empty());
}

TEST_CASE(
    "a session that the server closed is made anew within the look, and what was missed is not expected") {
  Bench bench;
  const auto since = bench.look().listening_since;
  bench.clock.advance(20s);
  bench.server.end(1001, "going away");
  bench.clock.advance(40s);
  const model::ViewLook look = bench.look();
  CHECK(look.client == Client::ok);
  CHECK(bench.seen.detail == "the session of before ended: net: closed by the server, code 1001: going away");
  CHECK(bench.server.opened == 2);
  REQUIRE(look.listening_since);
  CHECK(look.listening_since->steady - since->steady == 60s);
  bench.server.push(bench.token(2));
  CHECK(bench.newest() == 2);
  CHECK(bench.seen.detail.empty());
}

TEST_CASE("sessions that never last are a failure, since nothing could arrive; once or twice they are not") {
  Bench bench;
  (void)bench.look();
  for (int i = 0; i < 5; ++i) {
    INFO(i);
    bench.clock.advance(30s);
    bench.server.end(1000, "done");
    bench.clock.advance(30s);
    CHECK(bench.look().client == (i < 2 ? Client::ok : Client::fail));
  }
  CHECK_THAT(bench.seen.detail, Catch::StartsWith("net: sessions do not last: 5 in a row") &&
                                    Catch::Contains("code 1000: done"));
  bench.clock.advance(60s);
  CHECK(bench.look().client == Client::ok);
  for (int i = 0; i < 4; ++i) {  // each lived through a look of its own
    bench.server.end(1001, "going away");
    bench.clock.advance(60s);
    CHECK(bench.look().client == Client::ok);
    bench.clock.advance(60s);
    CHECK(bench.look().client == Client::ok);
  }
}

TEST_CASE("a server that is gone is told by the next look, and the one after its return is good") {
  Bench bench;
  (void)bench.look();
  bench.server.push(bench.token(1));
  CHECK(bench.newest() == 1);
  bench.server.cut();
  bench.server.declines = runtime::WebSocketFailure{runtime::WebSocketFault::connect, "Connection refused"};
  bench.clock.advance(60s);
  const model::ViewLook look = bench.look();
  CHECK(look.client == Client::fail);
  CHECK(bench.seen.step == "connect");
  CHECK_THAT(bench.seen.detail,
             Catch::StartsWith("net: Connection refused; the session of before ended: net: cut"));
  CHECK_FALSE(look.newest);  // nothing was seen by this look
  CHECK_FALSE(look.listening_since);
  bench.server.declines.reset();
  bench.clock.advance(60s);
  CHECK(bench.newest() == 1);
  CHECK(std::get<model::ViewLook>(bench.seen.look).client == Client::ok);
}

TEST_CASE("a keep-alive that stops ends the session before anybody looks") {
  Bench bench;
  bench.options.session.keep_alive = 90s;
  bench.server.pongs = false;
  (void)bench.look();
  bench.clock.advance(60s);
  bench.server.push("tick");
  bench.clock.advance(60s);
  CHECK(bench.look().client == Client::ok);
  CHECK(bench.server.opened == 1);
  bench.clock.advance(29s);
  CHECK(bench.server.open.size() == 1);
  bench.clock.advance(2s);
  CHECK(bench.server.open.empty());
  bench.server.declines = declined(503);
  CHECK(bench.look().client == Client::fail);
  CHECK_THAT(bench.seen.detail, Catch::Contains("net: no keep-alive, heard nothing for 1 min 30 s"));
}

TEST_CASE("half open: who has answered a ping must go on answering") {
  Bench bench;
  (void)bench.look();
  bench.server.pongs = false;
  bench.server.hangs = true;
  bench.clock.advance(60s);
  CHECK(bench.look().client == Client::fail);
  CHECK(bench.seen.ended.steady - bench.seen.started.steady == 10s);
  CHECK_THAT(bench.seen.detail, Catch::Contains("no answer to the upgrade in time") &&
                                    Catch::Contains("no answer to a ping within 5 s"));
  bench.server.hangs = false;  // another one, which answers no pings at all
  CHECK(bench.look().client == Client::ok);
  bench.clock.advance(60s);
  CHECK(bench.look().client == Client::ok);
  CHECK(bench.server.opened == 2);
}

TEST_CASE("from time to time a new session, subscribed before the old one is let go") {
  Bench bench;
  bench.options.reconnect_every = 10min;
  const auto since = bench.look().listening_since;
  bench.clock.advance(9min);
  (void)bench.look();
  CHECK(bench.server.opened == 1);
  bench.clock.advance(1min);
  const model::ViewLook look = bench.look();
  CHECK(look.client == Client::ok);
  CHECK(bench.server.opened == 2);
  CHECK(bench.server.most_open == 2);
  CHECK(bench.server.open.size() == 1);
  CHECK(look.listening_since == since);  // without a gap
}

TEST_CASE("who is connected hides that nobody else can connect: the new session's failure is the view's") {
  Bench bench;
  bench.options.reconnect_every = 10min;
  (void)bench.look();
  bench.server.declines = declined(401);
  bench.clock.advance(5min);
  CHECK(bench.look().client == Client::ok);
  bench.clock.advance(5min);
  bench.server.push(bench.token(6));
  const model::ViewLook look = bench.look();
  CHECK(look.client == Client::fail);
  CHECK_THAT(bench.seen.detail, Catch::StartsWith("auth: HTTP 401") && Catch::Contains("still is"));
  CHECK(bench.server.open.size() == 1);  // and hears on
  REQUIRE(look.newest);
  CHECK(look.newest->seq == 6);
  bench.server.declines.reset();
  CHECK(bench.look().client == Client::ok);
}

TEST_CASE("refused, it shows what the credentials have by then, once in a look") {
  Bench bench;
  bench.with_credentials();
  bench.server.declines = declined(401);
  CHECK(bench.look().client == Client::fail);
  CHECK(bench.credentials.refusals == 1);
  REQUIRE(bench.server.requests.size() == 2);
  CHECK(bench.server.requests[0].headers[0].second == "token 0");
  CHECK(bench.server.requests[1].headers[0].second == "token 1");
  bench.credentials.fails =
      probes::StepFailure{Write::auth, "the token endpoint says no", false, false, false};
  CHECK(bench.look().client == Client::fail);
  CHECK(bench.seen.step == "authorize");
  CHECK(bench.seen.detail == "auth: the token endpoint says no");
  CHECK(bench.server.requests.size() == 2);
}

TEST_CASE("a token that ends leads to a new session before it does") {
  Bench bench;
  bench.with_credentials();
  bench.credentials.ends = model::CredentialExpiry{bench.clock.now().wall + 1h, true};
  (void)bench.look();
  bench.clock.advance(47min);
  (void)bench.look();
  CHECK(bench.server.opened == 1);
  bench.clock.advance(1min);
  bench.credentials.ends->at += 1h;
  (void)bench.look();
  CHECK(bench.server.opened == 2);
  bench.clock.advance(10min);
  (void)bench.look();
  CHECK(bench.server.opened == 2);
}

TEST_CASE("every upgrade names us") {
  Bench bench;
  bench.options.session.headers = {{"X-Tenant", "canary"}};
  (void)bench.look();
  const runtime::Headers& headers = bench.server.requests.at(0).headers;
  CHECK(headers == runtime::Headers{{"X-Tenant", "canary"},
                                    {"User-Agent", "deadcalm/" DEADCALM_VERSION},
                                    {"Deadcalm-Canary", "a1b2c3d4"}});
}
