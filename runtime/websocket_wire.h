#pragma once
// An open WebSocket on Boost.Beast: what websocket.cpp makes, and the only other file that knows Beast.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>

#include "runtime/connect.h"
#include "runtime/websocket.h"

namespace deadcalm::runtime::wire {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = net::ip::tcp;
using boost::system::error_code;

// A server that takes nothing more is cut when this many messages wait for it.
constexpr std::size_t kMostWaiting = 64;

// The connections, as Beast wants them, but for their end: when the last frame is sent and read they are
// closed. Beast's own way (RFC 6455 §7.1.1) is that a client waits for the server to close, which some never
// do.
class Plain : public tcp::socket {
 public:
  explicit Plain(tcp::socket socket) : tcp::socket(std::move(socket)) {}
};
class Tls : public net::ssl::stream<tcp::socket> {
 public:
  Tls(tcp::socket socket, net::ssl::context& context)
      : net::ssl::stream<tcp::socket>(std::move(socket), context) {}
};

template <class Handler>
void close_now(tcp::socket& socket, Handler&& handler) {
  error_code ec;
  socket.shutdown(tcp::socket::shutdown_both, ec);
  socket.close(ec);
  net::post(beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}
template <class Handler>
void async_teardown(beast::role_type, Plain& socket, Handler&& handler) {
  close_now(socket, std::forward<Handler>(handler));
}
template <class Handler>
void async_teardown(beast::role_type, Tls& stream, Handler&& handler) {
  close_now(stream.next_layer(), std::forward<Handler>(handler));
}

inline WebSocketFailure failure(WebSocketFault fault, std::string message) {
  WebSocketFailure out;
  out.fault = fault;
  out.message = std::move(message);
  return out;
}

// Kept alive by the handlers under way, so that who owns it may go at any time.
template <class Stream>
class Socket : public std::enable_shared_from_this<Socket<Stream>> {
 public:
  template <class... Args>
  explicit Socket(std::shared_ptr<net::ssl::context> tls, Args&&... args)
      : tls_(std::move(tls)), stream_(std::forward<Args>(args)...) {
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::pong && on_pong_) on_pong_();
    });
  }

  websocket::stream<Stream>& stream() { return stream_; }

  net::awaitable<WebSocket::Message> receive() {
    const auto self = this->shared_from_this();
    error_code ec;
    co_await stream_.async_read(buffer_, net::redirect_error(net::use_awaitable, ec));
    if (ec) co_return std::unexpected(told(ec));
    std::string text = beast::buffers_to_string(buffer_.data());
    buffer_.clear();
    co_return text;
  }

  void send(std::string text) { put({What::text, std::move(text)}); }
  void ping() { put({What::ping, {}}); }
  void close() { put({What::close, {}}); }
  void when_pong(std::function<void()> callback) { on_pong_ = std::move(callback); }
  void cut() {
    cut_ = true;
    waiting_.clear();
    error_code ec;
    beast::get_lowest_layer(stream_).close(ec);
  }

  std::string place;        // for people
  std::string subprotocol;  // chosen

 private:
  enum class What { text, ping, close };
  struct Item {
    What what;
    std::string body;
  };

  WebSocketFailure told(const error_code& ec) {
    const std::string where = " (" + place + ')';
    // A peer that cuts the connection right behind its good-bye leaves an error of the connection instead.
    const websocket::close_reason& reason = stream_.reason();
    if (ec == websocket::error::closed || reason.code != websocket::close_code::none) {
      WebSocketFailure out = failure(WebSocketFault::closed, "closed by the server");
      out.close_code = reason.code;
      out.close_words = std::string(reason.reason.data(), reason.reason.size());
      if (reason.code != websocket::close_code::none) out.message += ", code " + std::to_string(reason.code);
      if (!out.close_words.empty()) out.message += ": " + out.close_words;
      out.message += where;
      return out;
    }
    if (ec == websocket::error::message_too_big || ec == beast::http::error::body_limit)
      return failure(
          WebSocketFault::too_large,
          "a message of more than " + std::to_string(stream_.read_message_max()) + " bytes" + where);
    if (cut_) return failure(WebSocketFault::broken, "cut" + where);
    if (ec == net::error::operation_aborted) return failure(WebSocketFault::own, "cancelled");
    if (ec == net::error::eof || ec == net::ssl::error::stream_truncated)
      return failure(WebSocketFault::broken, "cut by the server without a good-bye" + where);
    return failure(is_own_fault(ec) ? WebSocketFault::own : WebSocketFault::broken, ec.message() + where);
  }

  void put(Item item) {
    if (cut_) return;
    if (waiting_.size() >= kMostWaiting) return cut();
    waiting_.push_back(std::move(item));
    if (!writing_) write_next();
  }

  void write_next() {
    if (waiting_.empty() || cut_) return;
    writing_ = true;
    under_way_ = std::move(waiting_.front());
    waiting_.pop_front();
    auto done = [self = this->shared_from_this()](const error_code& ec) {
      self->writing_ = false;
      if (!ec) self->write_next();  // an error shows in receive() as well
    };
    if (under_way_.what == What::ping) {
      stream_.async_ping({}, done);
    } else if (under_way_.what == What::close) {
      stream_.async_close(websocket::close_code::normal, done);
    } else {
      stream_.async_write(net::buffer(under_way_.body),
                          [done](const error_code& ec, std::size_t) { done(ec); });
    }
  }

  std::shared_ptr<net::ssl::context> tls_;  // outlives the stream
  websocket::stream<Stream> stream_;
  beast::flat_buffer buffer_;
  std::function<void()> on_pong_;
  std::deque<Item> waiting_;
  Item under_way_{What::text, {}};
  bool writing_ = false, cut_ = false;
};

template <class Stream>
class Handle final : public WebSocket {
 public:
  explicit Handle(std::shared_ptr<Socket<Stream>> socket) : socket_(std::move(socket)) {}
  ~Handle() override {
    socket_->when_pong(nullptr);
    socket_->cut();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  net::awaitable<Message> receive() override { return socket_->receive(); }
  void send(std::string text) override { socket_->send(std::move(text)); }
  void ping() override { socket_->ping(); }
  void when_pong(std::function<void()> callback) override { socket_->when_pong(std::move(callback)); }
  void close() override { socket_->close(); }
  void cut() override { socket_->cut(); }
  const std::string& subprotocol() const override { return socket_->subprotocol; }

 private:
  std::shared_ptr<Socket<Stream>> socket_;
};

}  // namespace deadcalm::runtime::wire
