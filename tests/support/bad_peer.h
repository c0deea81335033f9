#pragma once
// A TCP peer on loopback that misbehaves in one way, for every backend that speaks over TCP: bare sockets, in
// this process, on the test's own loop.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/task_group.h"
#include "tests/support/process.h"
#include "tests/support/run_task.h"

namespace deadcalm::tests {

enum class Manner {
  absent,      // nobody listens
  black_hole,  // the handshake of TCP is never answered
  silent,      // accepts, and then nothing: half-open
  closes,      // accepts and hangs up
  cuts,        // hangs up in the middle of the answer
  drips,       // a byte now and then, for ever
  garbage,     // bytes of no protocol
  floods,      // an answer without an end
  html,        // a web page, politely
  redirects,   // HTTP 302 to itself
  half_json,   // HTTP 200, JSON that ends in the middle
};

class BadPeer {
 public:
  BadPeer(net::io_context& io, Manner manner)
      : io_(io), manner_(manner), acceptor_(io), group_(io.get_executor(), nullptr) {
    using tcp = net::ip::tcp;
    if (manner == Manner::absent) {
      port_ = free_port();
      return;
    }
    acceptor_.open(tcp::v4());
    acceptor_.bind({net::ip::make_address("127.0.0.1"), 0});
    acceptor_.listen(manner == Manner::black_hole ? 0 : 64);
    port_ = acceptor_.local_endpoint().port();
    if (manner == Manner::black_hole) {
      fill_the_queue();
    } else {
      group_.spawn("accept", accept());
    }
  }
  ~BadPeer() {
    acceptor_.close();
    group_.stop();
    run_task(io_, group_.join());
  }

  std::string place() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  using Socket = net::ip::tcp::socket;
  static constexpr auto kTuple = net::as_tuple(net::use_awaitable);

  // With the queue of connections full and nobody accepting, Linux drops what asks for another.
  void fill_the_queue() {
    for (int i = 0; i < 4; ++i) {
      Socket& socket = fillers_.emplace_back(io_);
      socket.open(net::ip::tcp::v4());
      socket.native_non_blocking(true);
      auto there = acceptor_.local_endpoint();  // Asio's own connect would wait for the answer
      (void)::connect(socket.native_handle(), there.data(), static_cast<socklen_t>(there.size()));
    }
  }

  net::awaitable<void> accept() {
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) co_return;
      ++connections_;
      group_.spawn("peer", misbehave(std::move(socket)));
    }
  }

  net::awaitable<void> misbehave(Socket socket) {
    if (manner_ == Manner::closes) co_return;
    std::array<char, 4096> request{};
    // Whoever speaks first gets no better manners.
    const auto [error, size] = co_await socket.async_read_some(net::buffer(request), kTuple);
    if (error) co_return;
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    switch (manner_) {
      case Manner::cuts: co_await say(socket, head + "1000\r\n\r\n{\"data\":"); break;
      case Manner::garbage:
        co_await say(socket, std::string("\x16\x03\x00\xff\xfe not of this world\r\n\r\n", 30));
        break;
      case Manner::html:
        co_await say(socket,
                     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n<html>all "
                     "well</html>\n");
        break;
      case Manner::redirects:
        co_await say(socket,
                     "HTTP/1.1 302 Found\r\nLocation: http://" + place() + "/\r\nContent-Length: 0\r\n\r\n");
        break;
      case Manner::half_json: co_await say(socket, head + "9\r\n\r\n{\"data\": "); break;
      case Manner::drips: co_await drip(socket, head + "1000\r\n\r\n"); break;
      case Manner::floods: co_await flood(socket, head + "1000000000\r\n\r\n"); break;
      default: co_await hold(socket); break;
    }
  }

  static net::awaitable<void> say(Socket& socket, std::string text) {
    co_await net::async_write(socket, net::buffer(text), kTuple);
  }
  // Until the other side hangs up.
  static net::awaitable<void> hold(Socket& socket) {
    std::array<char, 4096> part{};
    while (true) {
      const auto [error, size] = co_await socket.async_read_some(net::buffer(part), kTuple);
      if (error) co_return;
    }
  }
  static net::awaitable<void> drip(Socket& socket, std::string start) {
    runtime::SystemClock clock;
    for (std::size_t i = 0;; ++i) {
      const std::string byte(1, i < start.size() ? start[i] : ' ');
      const auto [error, size] = co_await net::async_write(socket, net::buffer(byte), kTuple);
      if (error) co_return;
      co_await clock.sleep_for(model::Millis{20});
    }
  }
  static net::awaitable<void> flood(Socket& socket, std::string start) {
    co_await say(socket, std::move(start));
    const std::string part(64 << 10, 'x');
    while (true) {
      const auto [error, size] = co_await net::async_write(socket, net::buffer(part), kTuple);
      if (error) co_return;
    }
  }

  net::io_context& io_;
  Manner manner_;
  net::ip::tcp::acceptor acceptor_;
  std::vector<Socket> fillers_;
  std::uint16_t port_ = 0;
  int connections_ = 0;
  runtime::TaskGroup group_;
};

}  // namespace deadcalm::tests

template <>
struct deadcalm::model::Names<deadcalm::tests::Manner> {
  static constexpr std::array<std::string_view, 11> values{"absent", "black_hole", "silent",   "closes",
                                                           "cuts",   "drips",      "garbage",  "floods",
                                                           "html",   "redirects",  "half_json"};
};
