#include "runtime/http_client.h"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "runtime/clock.h"
#include "runtime/task_group.h"
#include "server/http_server.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using runtime::HttpFault;

namespace {

net::awaitable<server::Response> echo(server::Request request) {
  server::Response response;
  if (request.path == "/drop") {
    response.drop_connection = true;
  } else if (request.path == "/large") {
    response.body = std::string(100'000, 'x');
  } else if (request.path == "/slow") {
    runtime::SystemClock clock;
    co_await clock.sleep_for(20s);
  } else {
    response.body = request.method + ' ' + request.body;
    for (const auto& [name, value] : request.headers) response.headers.emplace_back("X-Echo-" + name, value);
  }
  co_return response;
}

struct Peer {
  net::io_context io;
  server::HttpServer server{io.get_executor(), &echo};
  runtime::HttpClient client{io.get_executor()};
  std::string base = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());
  ~Peer() { tests::run_task(io, server.stop()); }

  std::expected<runtime::HttpAnswer, runtime::HttpFailure> fetch(runtime::HttpRequest request) {
    return tests::run_task(io, client.fetch(std::move(request)));
  }
};

runtime::HttpRequest get(std::string url) {
  runtime::HttpRequest request;
  request.url = std::move(url);
  request.timeout = 2s;
  return request;
}

}  // namespace

TEST_CASE("any method, headers and a body arrive as given") {
  Peer peer;
  runtime::HttpRequest request = get(peer.base + "/x");
  request.method = "PUT";
  request.body = R"({"a":1})";
  request.headers = {{"Content-Type", "application/json"}, {"Deadcalm-Canary", "a1"}};
  const auto answer = peer.fetch(std::move(request));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == R"(PUT {"a":1})");
  REQUIRE(answer->header("x-echo-deadcalm-canary"));
  CHECK(*answer->header("x-echo-deadcalm-canary") == "a1");
  CHECK(answer->header("x-echo-expect") == nullptr);
}

TEST_CASE("a connection is reused only inside a transaction") {
  Peer peer;
  const auto fetch = [&](runtime::HttpSession* session) {
    runtime::HttpRequest request = get(peer.base + "/1");
    request.session = session;
    return peer.fetch(std::move(request))->reused_connection;
  };
  runtime::HttpSession one;
  runtime::HttpSession other;
  CHECK_FALSE(fetch(&one));
  CHECK(fetch(&one));
  CHECK_FALSE(fetch(&other));  // an open connection of somebody else proves nothing
  CHECK_FALSE(fetch(nullptr));
  CHECK(fetch(&one));
  one.close();
  CHECK_FALSE(fetch(&one));
}

TEST_CASE("each network fault has its own class and says where") {
  Peer peer;
  SECTION("refused") {
    const auto answer = peer.fetch(get("http://127.0.0.1:1/x"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == HttpFault::connect);
    CHECK_FALSE(answer.error().request_sent);
    CHECK(answer.error().message == "connection refused 127.0.0.1:1");
  }
  SECTION("no such name") {
    const auto answer = peer.fetch(get("http://does-not-exist.invalid/x"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == HttpFault::dns);
    CHECK(answer.error().message == "cannot resolve does-not-exist.invalid:80");
  }
  SECTION("time-out after the request was sent") {
    runtime::HttpRequest request = get(peer.base + "/slow");
    request.timeout = 200ms;
    const auto answer = peer.fetch(std::move(request));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == HttpFault::timeout);
    CHECK(answer.error().request_sent);
  }
  SECTION("connection cut without an answer") {
    const auto answer = peer.fetch(get(peer.base + "/drop"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == HttpFault::broken);
    CHECK(answer.error().request_sent);
  }
  SECTION("answer too large") {
    runtime::HttpRequest request = get(peer.base + "/large");
    request.max_body_bytes = 1000;
    CHECK(peer.fetch(std::move(request)).error().fault == HttpFault::too_large);
  }
  SECTION("TLS to a port that speaks plain HTTP") {
    std::string url = peer.base + "/x";
    url.replace(0, 4, "https");
    CHECK(peer.fetch(get(url)).error().fault == HttpFault::tls);
  }
  SECTION("an address that the policy refuses") {
    runtime::HttpRequest request = get(peer.base + "/x");
    request.policy.allow_private = false;
    const auto refused = peer.fetch(std::move(request));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == HttpFault::refused);
    CHECK_FALSE(refused.error().request_sent);
    CHECK(
        refused.error().message.starts_with("127.0.0.1 is a private address, and allow_private is false (1"));
    CHECK(peer.fetch(get("http://[::ffff:169.254.169.254]/x")).error().fault == HttpFault::refused);
  }
  SECTION("a scheme that is not HTTP") {
    CHECK(peer.fetch(get("ftp://127.0.0.1/x")).error().fault == HttpFault::bad_request);
  }
}

namespace {
net::awaitable<void> fetch_slow(Peer& peer, bool& own) {
  const auto answer = co_await peer.client.fetch(get(peer.base + "/slow"));
  own = !answer && answer.error().fault == HttpFault::own;
}
net::awaitable<void> stop_soon(runtime::TaskGroup& group) {
  runtime::SystemClock clock;
  co_await clock.sleep_for(50ms);
  group.stop();
  co_await group.join();
}
}  // namespace

TEST_CASE("a cancelled fetch ends at once as our own fault") {
  Peer peer;
  bool own = false;
  runtime::TaskGroup group(peer.io.get_executor(), nullptr);
  group.spawn("fetch", fetch_slow(peer, own));
  tests::run_task(peer.io, stop_soon(group));
  CHECK(own);
}

TEST_CASE("two hundred exchanges in a row leave nothing behind") {
  Peer peer;
  runtime::HttpSession session;
  for (int i = 0; i < 200; ++i) {
    runtime::HttpRequest request = get(peer.base + "/n");
    if (i % 2 == 0) request.session = &session;
    REQUIRE(peer.fetch(std::move(request))->status == 200);
  }
}

TEST_CASE("a taken port is explained") {
  Peer peer;
  server::HttpServer second(peer.io.get_executor(), &echo);
  const auto port = second.start(peer.base.substr(7));
  REQUIRE_FALSE(port);
  CHECK(port.error().message.find("another program has this port") != std::string::npos);
}
