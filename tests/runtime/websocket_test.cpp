// The WebSocket client against peers that misbehave, byte by byte, on loopback.
#include "runtime/websocket.h"

#include <openssl/sha.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "model/encoding.h"
#include "runtime/task_group.h"
#include "runtime/websocket_url.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using runtime::WebSocketFault;
using tcp = net::ip::tcp;

namespace {

std::string accept_of(const std::string& request) {
  const std::size_t at = request.find("Sec-WebSocket-Key: ") + 19;
  const std::string text =
      request.substr(at, request.find("\r\n", at) - at) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return model::base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Answers an upgrade with `answer` (%s: the right key), then sends `after`, then closes or reads on.
struct Peer {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::WebSocketClient client{clock};
  tcp::acceptor acceptor{io, tcp::endpoint(net::ip::make_address("127.0.0.1"), 0)};
  runtime::TaskGroup tasks{io.get_executor(), nullptr};
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: %s\r\n\r\n";
  std::string after, asked;
  std::size_t heard = 0;
  bool closes = false, reads = true;
  std::unique_ptr<runtime::WebSocket> socket;

  Peer() { tasks.spawn("peer", serve()); }
  ~Peer() {
    socket.reset();
    tests::run_task(io, end());
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  net::awaitable<void> end() {
    tasks.stop();
    co_await tasks.join();
  }
  net::awaitable<void> serve() {
    tcp::socket peer = co_await acceptor.async_accept(net::use_awaitable);
    const std::size_t size =
        co_await net::async_read_until(peer, net::dynamic_buffer(asked), "\r\n\r\n", net::use_awaitable);
    asked.resize(size);
    std::string said = answer;
    if (const auto at = said.find("%s"); at != std::string::npos) said.replace(at, 2, accept_of(asked));
    said += after;
    co_await net::async_write(peer, net::buffer(said), net::use_awaitable);
    if (closes) co_return;
    while (!reads) co_await clock.sleep_for(1s);
    std::array<char, 4096> part{};
    while (true) heard += co_await peer.async_read_some(net::buffer(part), net::use_awaitable);
  }
  runtime::WebSocketRequest request() const {
    runtime::WebSocketRequest request;
    request.url = "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/push?a=b";
    return request;
  }
  // Its failure, or none and `socket`.
  std::optional<runtime::WebSocketFailure> open(runtime::WebSocketRequest request, model::Millis limit = 2s) {
    auto opened = tests::run_task(io, client.open(std::move(request), clock.now().steady + limit));
    if (!opened) return opened.error();
    socket = std::move(*opened);
    return std::nullopt;
  }
  std::optional<runtime::WebSocketFailure> open() { return open(request()); }
  runtime::WebSocket::Message receive() { return tests::run_task(io, socket->receive()); }
};

std::string fault(const std::optional<runtime::WebSocketFailure>& failure) {
  return failure ? std::string(model::name(failure->fault)) : "none";
}

std::string frame(char first, const std::string& body) {
  return std::string{first, static_cast<char>(body.size())} + body;
}

}  // namespace

TEST_CASE("websocket: an URL taken apart") {
  struct Row {
    const char *url, *host, *port, *target, *host_header;
  };
  const Row rows[] = {{"ws://a.example.com", "a.example.com", "80", "/", "a.example.com"},
                      {"wss://a.example.com/p?q=1#f", "a.example.com", "443", "/p?q=1", "a.example.com"},
                      {"wss://a.example.com:443/p", "a.example.com", "443", "/p", "a.example.com"},
                      {"ws://a.example.com:8080?q", "a.example.com", "8080", "/?q", "a.example.com:8080"},
                      {"wss://[::1]/", "::1", "443", "/", "[::1]"},
                      {"ws://[::1]:4000/", "::1", "4000", "/", "[::1]:4000"}};
  for (const Row& row : rows) {
    INFO(row.url);
    const auto place = runtime::place_of(row.url);
    REQUIRE(place);
    CHECK(place->tls == std::string_view(row.url).starts_with("wss"));
    CHECK(place->host == row.host);
    CHECK(place->port == row.port);
    CHECK(place->target == row.target);
    CHECK(place->host_header == row.host_header);
  }
  CHECK_FALSE(runtime::place_of("https://a.example.com/"));
}

TEST_CASE("websocket: an upgrade with its headers, and messages, whole or in pieces") {
  Peer peer;
  peer.after = frame('\x81', "hello") + frame('\x01', "in ") + frame('\x89', "") + frame('\x80', "pieces") +
               frame('\x82', std::string("\0\1", 2));
  runtime::WebSocketRequest request = peer.request();
  request.headers = {{"Authorization", "Bearer x"}};
  request.subprotocols = {"a", "b"};
  REQUIRE(fault(peer.open(request)) == "none");
  CHECK_THAT(peer.asked, Catch::StartsWith("GET /push?a=b HTTP/1.1\r\n"));
  CHECK_THAT(peer.asked, Catch::Contains("Authorization: Bearer x\r\n"));
  CHECK_THAT(peer.asked, Catch::Contains("Sec-WebSocket-Protocol: a, b\r\n"));
  CHECK(peer.socket->subprotocol().empty());
  CHECK(peer.receive().value() == "hello");
  CHECK(peer.receive().value() == "in pieces");
  CHECK(peer.receive().value() == std::string("\0\1", 2));
}

TEST_CASE("websocket: what is no WebSocket is told as what it is") {
  struct Row {
    const char* answer;
    const char* fault;
    int status;
  };
  const Row rows[] = {
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: because\r\n\r\nno", "declined", 403},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "declined", 200},
      {"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "declined", 302},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: d3Jvbmc=\r\n\r\n",
       "broken", 0},
      {"220 mail.example.com ESMTP\r\n\r\n", "broken", 0},
      {"", "broken", 0},
  };
  for (const Row& row : rows) {
    INFO(row.answer);
    Peer peer;
    peer.answer = row.answer;
    peer.closes = true;
    const auto failure = peer.open();
    REQUIRE(failure);
    INFO(failure->message);
    CHECK(fault(failure) == row.fault);
    CHECK(failure->answer.status == row.status);
    if (row.status == 403) {
      CHECK(failure->answer.body == "no");
      REQUIRE(failure->answer.header("x-why") != nullptr);
      CHECK(*failure->answer.header("x-why") == "because");
    }
  }
}

TEST_CASE("websocket: nobody there, no name, no time, no URL, and addresses that are never a target") {
  Peer peer;
  runtime::WebSocketRequest request;
  tcp::acceptor gone(peer.io, tcp::endpoint(net::ip::make_address("127.0.0.1"), 0));
  request.url = "ws://127.0.0.1:" + std::to_string(gone.local_endpoint().port()) + "/";
  gone.close();
  CHECK(fault(peer.open(request)) == "connect");
  request.url = "wss://push.invalid/";
  CHECK(fault(peer.open(request)) == "dns");
  for (const char* url : {"http://127.0.0.1/", "ws://", "ws:///path", "", "ws://:80/"}) {
    INFO(url);
    request.url = url;
    CHECK(fault(peer.open(request)) == "bad_request");
  }
  request = peer.request();
  request.policy.allow_private = false;
  const auto refused = peer.open(request);
  REQUIRE(refused);
  CHECK(fault(refused) == "bad_request");
  peer.answer.clear();
  const auto start = std::chrono::steady_clock::now();
  CHECK(fault(peer.open(peer.request(), 200ms)) == "timeout");
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("websocket: how a session ends") {
  struct Row {
    std::string frames;
    const char* fault;
    int code = 0;
    const char* words = "";
    bool closes = true;  // the connection behind it
  };
  const Row rows[] = {
      {frame('\x88', std::string("\x03\xe9", 2) + "going away"), "closed", 1001, "going away"},
      {frame('\x88', std::string("\x11\x31", 2)), "closed", 4401, ""},
      {frame('\x88', std::string("\x03\xe8", 2)), "closed", 1000, "", false},
      {frame('\x88', ""), "closed", 0, "", false},
      {"", "broken"},
      {"\x81", "broken"},                               // half a frame
      {frame('\x83', "x"), "broken"},                   // no such opcode
      {frame('\xf1', "x"), "broken"},                   // reserved bits
      {frame('\x80', "x"), "broken"},                   // continues nothing
      {frame('\x81', "\xff\xfe"), "broken"},            // no UTF-8
      {std::string("\x81\x81\0\0\0\0x", 7), "broken"},  // masked, which servers must not
      {std::string("\x81\x7f\0\0\0\1\0\0\0\0", 10), "too_large", 0, "", false},  // 4 GiB to come
  };
  for (const Row& row : rows) {
    INFO(row.fault << ' ' << row.code << ' ' << row.frames.size());
    Peer peer;
    peer.after = row.frames;
    peer.closes = row.closes;
    REQUIRE(fault(peer.open()) == "none");
    const auto message = peer.receive();
    REQUIRE_FALSE(message);
    INFO(message.error().message);
    CHECK(fault(message.error()) == row.fault);
    CHECK(message.error().close_code == row.code);
    CHECK(message.error().close_words == row.words);
  }
}

TEST_CASE("websocket: a peer that takes nothing more is cut, and its owner may go at any time") {
  Peer peer;
  peer.reads = false;
  REQUIRE(fault(peer.open()) == "none");
  const std::string much(1 << 20, 'x');
  for (int i = 0; i < 70; ++i) peer.socket->send(much);
  const auto message = peer.receive();
  REQUIRE_FALSE(message);
  CHECK(fault(message.error()) == "broken");
  peer.socket->send("into nothing");
  peer.socket->ping();
  peer.socket->close();
}

TEST_CASE("websocket: a pong is heard of, a good-bye is answered") {
  Peer peer;
  peer.after = frame('\x8a', "") + frame('\x81', "after the pong");
  REQUIRE(fault(peer.open()) == "none");
  int pongs = 0;
  peer.socket->when_pong([&] { ++pongs; });
  CHECK(peer.receive().value() == "after the pong");
  CHECK(pongs == 1);
  peer.socket->send("text");
  peer.socket->ping();
  peer.socket->close();
  tests::run_task(peer.io, peer.clock.sleep_for(100ms));
  CHECK(peer.heard == 6 + 4 + 6 + 8);  // three masked frames: the text, the ping, the close with its code
}
