// The ordinary checks against real peers on loopback: an HTTP server, openssl's TLS server, bare sockets.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "probes/registry.h"
#include "runtime/task_group.h"
#include "server/http_server.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/process.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Client;
using tcp = net::ip::tcp;

namespace {

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  std::unique_ptr<probes::View> check;
  model::Observation seen;

  // The faults of the keys, empty when they are good.
  std::string decode(const std::string& type, const std::string& yaml, model::Millis timeout = 2s) {
    probes::ViewPath path;
    const std::string faults = tests::decode_yaml(
        yaml, environment, [&](config::Reader& r) { path = probes::decode_check(type, r); });
    if (!faults.empty()) return faults;
    const probes::ViewDeps deps{
        clock, client, io.get_executor(), "a1b2c3d4", model::Secret("not used"), nullptr, &environment};
    check = path.make({"orders", "check", timeout}, deps);
    return {};
  }
  model::ViewLook look() {
    seen = tests::run_task(io, check->look());
    return std::get<model::ViewLook>(seen.look);
  }
};

net::awaitable<server::Response> shop(server::Request request) {
  server::Response response;
  if (request.path == "/down") response.status = 503;
  if (request.path == "/token") {
    response.content_type = "application/json";
    response.body = R"({"access_token":"t1","token_type":"Bearer","expires_in":3600})";
    co_return response;
  }
  const std::string* shown = request.header("authorization");
  if (request.path == "/private" && (shown == nullptr || *shown != "Bearer t1")) response.status = 401;
  if (request.path == "/moved") response.status = 302;
  if (request.path == "/hang") {
    runtime::SystemClock clock;
    co_await clock.sleep_for(20s);
  }
  response.content_type = "application/json";
  const std::string* agent = request.header("user-agent");
  response.body = R"({"ok":true,"method":")" + request.method + R"(","sent":")" + request.body +
                  R"(","agent":")" + (agent != nullptr ? *agent : "") + R"("})";
  co_return response;
}

struct Shop : Rig {
  server::HttpServer server{io.get_executor(), &shop};
  std::string base = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());
  ~Shop() { tests::run_task(io, server.stop()); }
};

// Answers each connection with `reply` after the first bytes (at once if `greets`), then closes or stays.
struct Talker {
  net::io_context& io;
  tcp::acceptor acceptor{io, tcp::endpoint(net::ip::make_address("127.0.0.1"), 0)};
  runtime::TaskGroup tasks{io.get_executor(), nullptr};
  std::string reply;
  bool greets = false, closes = false;

  explicit Talker(net::io_context& loop) : io(loop) {}
  ~Talker() { tests::run_task(io, end()); }
  net::awaitable<void> end() {
    acceptor.close();
    tasks.stop();
    co_await tasks.join();
  }
  void start() { tasks.spawn("talker", accept()); }
  net::awaitable<void> accept() {
    while (true) {
      tcp::socket socket = co_await acceptor.async_accept(net::use_awaitable);
      tasks.spawn("talk", talk(std::move(socket)));
    }
  }
  net::awaitable<void> talk(tcp::socket socket) {
    std::array<char, 256> heard{};
    if (!greets) co_await socket.async_read_some(net::buffer(heard), net::use_awaitable);
    co_await net::async_write(socket, net::buffer(reply), net::use_awaitable);
    if (!closes) co_await socket.async_read_some(net::buffer(heard), net::use_awaitable);
  }
  std::string target() const { return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }
};

// openssl's own server, with a certificate of so many days made for this test.
struct TlsServer {
  tests::TempDir dir;
  std::uint16_t port = tests::free_port();
  tests::Process process;
  std::string certificate = dir.file("cert.pem");

  explicit TlsServer(int days) {
    REQUIRE(tests::run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                "ec_paramgen_curve:P-256", "-nodes", "-keyout", dir.file("key.pem"), "-out",
                                certificate, "-days", std::to_string(days), "-subj", "/CN=127.0.0.1",
                                "-addext", "subjectAltName=IP:127.0.0.1"}) == 0);
    process = tests::Process(
        {"openssl", "s_server", "-www", "-quiet", "-accept", "127.0.0.1:" + std::to_string(port), "-cert",
         certificate, "-key", dir.file("key.pem")},
        dir.file("log"));
    REQUIRE(tests::wait_for_port(port));
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port) + "/"; }
};

}  // namespace

TEST_CASE("http check: status, assertions, method and body") {
  Shop s;
  SECTION("good") {
    REQUIRE(s.decode("http", "url: " + s.base + "/x\nexpect: { json: { $.ok: true } }\n").empty());
    CHECK(s.look().client == Client::ok);
    CHECK(std::get<model::ViewLook>(s.seen.look).http_status == 200);
    CHECK(s.seen.step.empty());
  }
  SECTION("a server error") {
    REQUIRE(s.decode("http", "url: " + s.base + "/down\n").empty());
    CHECK(s.look().client == Client::fail);
    CHECK(s.seen.step == "fetch");
    CHECK(s.seen.detail.find("503") != std::string::npos);
  }
  SECTION("redirects are not followed") {
    REQUIRE(s.decode("http", "url: " + s.base + "/moved\n").empty());
    CHECK(s.look().client == Client::fail);
  }
  SECTION("an assertion fails") {
    REQUIRE(s.decode("http", "url: " + s.base + "/x\nexpect: { json: { $.ok: false } }\n").empty());
    CHECK(s.look().client == Client::fail);
    CHECK(s.seen.step == "expect");
    CHECK(s.seen.detail.find("$.ok") != std::string::npos);
  }
  SECTION("a body makes it a POST, and we name ourselves") {
    REQUIRE(
        s.decode("http", "url: " + s.base +
                             "/x\nbody: hello\nexpect: { json: { $.method: POST, $.sent: hello, $.agent: { "
                             "contains: deadcalm/ } } }\n")
            .empty());
    CHECK(s.look().client == Client::ok);
  }
  SECTION("no answer in time") {
    REQUIRE(s.decode("http", "url: " + s.base + "/hang\n", 200ms).empty());
    CHECK(s.look().client == Client::fail);
    CHECK(s.seen.detail.find("no answer within") != std::string::npos);
  }
  SECTION("nobody there") {
    REQUIRE(s.decode("http", "url: http://127.0.0.1:" + std::to_string(tests::free_port()) + "/\n").empty());
    CHECK(s.look().client == Client::fail);
    CHECK(s.seen.detail.find("connection refused") != std::string::npos);
  }
}

TEST_CASE("http check: bad keys are told") {
  Rig r;
  CHECK(r.decode("http", "url: ftp://x\n").find("url") != std::string::npos);
  CHECK(r.decode("http", "url: http://x.example\ncertificate: 14d\n")
            .find("a plain http URL has no certificate") != std::string::npos);
  CHECK(r.decode("http", "url: http://x.example\nbodi: x\n").find("body") != std::string::npos);
  CHECK(r.decode("tcp", "target: nowhere\n").find("target") != std::string::npos);
}

TEST_CASE("http check: a token of an endpoint, and a secret that was rotated in its file") {
  Shop s;
  const std::string url = "url: " + s.base + "/private\n";
  REQUIRE(s.decode("http", url).empty());
  CHECK(s.look().client == Client::fail);
  CHECK(std::get<model::ViewLook>(s.seen.look).http_status == 401);
  SECTION("asked for") {
    REQUIRE(s.decode("http", url + "auth: { oauth2: { token_url: \"" + s.base +
                                 "/token\", client_id: deadcalm, client_secret: not-a-secret } }\n")
                .empty());
    CHECK(s.look().client == Client::ok);
  }
  SECTION("rotated") {
    std::string secret = "old";
    s.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return secret; };
    REQUIRE(s.decode("http", url + "auth: { bearer_file: /run/secrets/key }\n").empty());
    CHECK(s.look().client == Client::fail);
    secret = "t1";
    CHECK(s.look().client == Client::ok);
  }
}

TEST_CASE("http check: certificates are verified, and their end is told") {
  TlsServer tls(30);
  Rig r;
  SECTION("one nobody knows is refused") {
    REQUIRE(r.decode("http", "url: " + tls.url() + "\n").empty());
    CHECK(r.look().client == Client::fail);
    CHECK(r.seen.detail.find("certificate") != std::string::npos);
  }
  SECTION("with its authority, and time left") {
    REQUIRE(r.decode("http",
                     "url: " + tls.url() + "\ntls: { ca_file: " + tls.certificate + " }\ncertificate: 14d\n")
                .empty());
    const auto look = r.look();
    INFO(r.seen.detail);
    CHECK(look.client == Client::ok);
    REQUIRE(look.certificate_ends);
    const auto left = *look.certificate_ends - r.seen.ended.wall;
    CHECK(left > 29 * 24h);
    CHECK(left <= 30 * 24h);
  }
  SECTION("it ends too soon") {
    REQUIRE(r.decode("http",
                     "url: " + tls.url() + "\ntls: { ca_file: " + tls.certificate + " }\ncertificate: 60d\n")
                .empty());
    CHECK(r.look().client == Client::fail);
    CHECK(r.seen.step == "certificate");
    CHECK(r.seen.detail.find("the certificate ends in 2") != std::string::npos);
  }
}

TEST_CASE("tcp check: connects, says and hears") {
  Rig r;
  Talker talker(r.io);
  const std::string target = "target: \"" + talker.target() + "\"\n";
  SECTION("to connect is enough") {
    talker.start();
    REQUIRE(r.decode("tcp", target).empty());
    CHECK(r.look().client == Client::ok);
  }
  SECTION("a greeting, in pieces or with more around it") {
    talker.reply = "220 mail.example ESMTP ready\r\n";
    talker.greets = true;
    talker.start();
    REQUIRE(r.decode("tcp", target + "expect: ESMTP\n").empty());
    CHECK(r.look().client == Client::ok);
  }
  SECTION("send and expect") {
    talker.reply = "+PONG\r\n";
    talker.start();
    REQUIRE(r.decode("tcp", target + "send: \"PING\\r\\n\"\nexpect: \"+PONG\"\n").empty());
    CHECK(r.look().client == Client::ok);
  }
  SECTION("another answer, and closed") {
    talker.reply = "-ERR\x01 no\r\n";
    talker.greets = talker.closes = true;
    talker.start();
    REQUIRE(r.decode("tcp", target + "expect: \"+PONG\"\n").empty());
    CHECK(r.look().client == Client::fail);
    CHECK(r.seen.step == "expect");
    CHECK(r.seen.detail.find("closed without what was expected") != std::string::npos);
    CHECK(r.seen.detail.find("got \"-ERR. no") != std::string::npos);
  }
  SECTION("silence ends with the time-out") {
    talker.start();
    REQUIRE(r.decode("tcp", target + "expect: x\n", 100ms).empty());
    CHECK(r.look().client == Client::fail);
    CHECK(r.seen.detail.find("nothing within 100 ms") != std::string::npos);
  }
}

TEST_CASE("tcp check: nobody there, and a name that does not resolve") {
  Rig r;
  REQUIRE(r.decode("tcp", "target: \"127.0.0.1:" + std::to_string(tests::free_port()) + "\"\n").empty());
  CHECK(r.look().client == Client::fail);
  CHECK(r.seen.step == "connect");
  REQUIRE(r.decode("tcp", "target: \"no-such-host.invalid:1\"\n").empty());
  CHECK(r.look().client == Client::fail);
  CHECK(r.seen.step == "resolve");
}
