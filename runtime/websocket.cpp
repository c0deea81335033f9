#include "runtime/websocket.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cctype>
#include <deque>
#include <optional>

namespace deadcalm::runtime {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = net::ip::tcp;
using boost::system::error_code;
using namespace net::experimental::awaitable_operators;

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

struct Place {
  bool tls = false;
  std::string host, port, target;  // host without brackets, target with the query
  std::string name;                // "api.example.com:443", for people
  std::string host_header;         // without the scheme's own port
};

std::optional<Place> place_of(std::string_view url) {
  Place place;
  if (url.starts_with("wss://")) {
    place.tls = true;
  } else if (!url.starts_with("ws://")) {
    return std::nullopt;
  }
  url.remove_prefix(place.tls ? 6 : 5);
  url = url.substr(0, url.find('#'));
  const std::size_t path = url.find_first_of("/?");
  const std::string_view authority = url.substr(0, path);
  place.target = path == std::string_view::npos ? "/" : std::string(url.substr(path));
  if (place.target.starts_with('?')) place.target.insert(0, 1, '/');
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  place.host = std::string(authority.substr(0, colon));
  place.port =
      colon == std::string_view::npos ? (place.tls ? "443" : "80") : std::string(authority.substr(colon + 1));
  if (place.host.empty() || place.port.empty()) return std::nullopt;
  place.name = place.host + ':' + place.port;
  place.host_header = place.port == (place.tls ? "443" : "80") ? place.host : place.name;
  if (place.host.starts_with('[')) place.host = place.host.substr(1, place.host.size() - 2);
  return place;
}

// Out of file descriptors or memory, or no local address: our own fault.
bool is_own(const error_code& ec) {
  return ec == net::error::no_descriptors || ec == net::error::no_memory ||
         ec == net::error::no_buffer_space || ec == boost::system::errc::too_many_files_open_in_system ||
         ec == boost::system::errc::address_not_available;
}

WebSocketFailure failure(WebSocketFault fault, std::string message) {
  WebSocketFailure out;
  out.fault = fault;
  out.message = std::move(message);
  return out;
}

using Connected = std::expected<tcp::socket, WebSocketFailure>;

// Name look-up and connection. Every address is tried in its order.
net::awaitable<Connected> connect(const Place& place, bool (*refuses)(std::string_view), Clock& clock,
                                  model::SteadyTime deadline) {
  const auto executor = co_await net::this_coro::executor;
  error_code ec;
  tcp::resolver resolver(executor);
  const auto found =
      co_await (resolver.async_resolve(place.host, place.port, net::redirect_error(net::use_awaitable, ec)) ||
                clock.sleep_until(deadline));
  const std::string where = " (" + place.name + ')';
  if (found.index() == 1)
    co_return std::unexpected(failure(WebSocketFault::timeout, "the name was not resolved in time" + where));
  if (ec) co_return std::unexpected(failure(WebSocketFault::dns, ec.message() + where));
  const auto& addresses = std::get<0>(found);
  const std::string refused = " is never a target" + where;
  for (const auto& entry : addresses) {
    const std::string address = entry.endpoint().address().to_string();
    if (refuses == nullptr || !refuses(address)) continue;
    co_return std::unexpected(failure(WebSocketFault::bad_request, address + refused));
  }
  tcp::socket socket(executor);
  const auto connected =
      co_await (net::async_connect(socket, addresses, net::redirect_error(net::use_awaitable, ec)) ||
                clock.sleep_until(deadline));
  if (connected.index() == 1)
    co_return std::unexpected(failure(WebSocketFault::timeout, "no connection in time" + where));
  if (ec) {
    const auto fault = is_own(ec) ? WebSocketFault::own : WebSocketFault::connect;
    co_return std::unexpected(failure(fault, ec.message() + where));
  }
  socket.set_option(tcp::no_delay(true), ec);
  co_return std::move(socket);
}

HttpAnswer plain(const websocket::response_type& response) {
  HttpAnswer answer;
  answer.status = static_cast<int>(response.result_int());
  for (const auto& field : response) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    answer.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  answer.body = response.body();
  return answer;
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
    return failure(is_own(ec) ? WebSocketFault::own : WebSocketFault::broken, ec.message() + where);
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

void prepare(websocket::request_type& upgrade, const WebSocketRequest& request) {
  for (const auto& [name, value] : request.headers) upgrade.set(name, value);
  std::string offered;
  for (const std::string& subprotocol : request.subprotocols)
    offered += (offered.empty() ? "" : ", ") + subprotocol;
  if (!offered.empty()) upgrade.set(beast::http::field::sec_websocket_protocol, offered);
}

// The upgrade, on a connection that is ready for it.
template <class Stream>
net::awaitable<WebSocketOpener::Opened> upgrade(std::shared_ptr<Socket<Stream>> socket,
                                                const WebSocketRequest& request, const Place& place,
                                                Clock& clock, model::SteadyTime deadline) {
  auto& stream = socket->stream();
  socket->place = place.name;
  stream.read_message_max(request.max_message_bytes);
  stream.set_option(websocket::stream_base::decorator(
      [&request](websocket::request_type& message) { prepare(message, request); }));
  websocket::response_type response;
  error_code ec;
  const auto shaken = co_await (stream.async_handshake(response, place.host_header, place.target,
                                                       net::redirect_error(net::use_awaitable, ec)) ||
                                clock.sleep_until(deadline));
  const std::string where = " (" + place.name + ')';
  if (shaken.index() == 1)
    co_return std::unexpected(failure(WebSocketFault::timeout, "no answer to the upgrade in time" + where));
  if (ec == websocket::error::upgrade_declined) {
    WebSocketFailure out = failure(WebSocketFault::declined, "the upgrade was declined" + where);
    out.answer = plain(response);
    co_return std::unexpected(std::move(out));
  }
  if (ec == net::error::eof || ec == beast::http::error::end_of_stream)
    co_return std::unexpected(failure(WebSocketFault::broken, "cut during the upgrade" + where));
  if (ec) co_return std::unexpected(failure(WebSocketFault::broken, "upgrade: " + ec.message() + where));
  const auto chosen = response[beast::http::field::sec_websocket_protocol];
  socket->subprotocol = std::string(chosen.data(), chosen.size());
  stream.text(true);
  stream.auto_fragment(false);
  co_return std::make_unique<Handle<Stream>>(std::move(socket));
}

using TlsReady = std::expected<std::shared_ptr<Socket<Tls>>, WebSocketFailure>;

net::awaitable<TlsReady> start_tls(tcp::socket socket, const WebSocketRequest& request, const Place& place,
                                   Clock& clock, model::SteadyTime deadline) {
  error_code ec;
  auto context = std::make_shared<net::ssl::context>(net::ssl::context::tls_client);
  if (request.ca_file.empty()) {
    context->set_default_verify_paths(ec);
  } else {
    context->load_verify_file(request.ca_file, ec);
  }
  if (ec) co_return std::unexpected(failure(WebSocketFault::own, request.ca_file + ": " + ec.message()));
  const auto out = std::make_shared<Socket<Tls>>(context, std::move(socket), *context);
  Tls& tls = out->stream().next_layer();
  if (request.verify_tls) {
    tls.set_verify_mode(net::ssl::verify_peer);
    tls.set_verify_callback(net::ssl::host_name_verification(place.host));
  } else {
    tls.set_verify_mode(net::ssl::verify_none);
  }
  SSL_set_tlsext_host_name(tls.native_handle(), place.host.c_str());
  const auto shaken =
      co_await (tls.async_handshake(Tls::client, net::redirect_error(net::use_awaitable, ec)) ||
                clock.sleep_until(deadline));
  const std::string where = " (" + place.name + ')';
  if (shaken.index() == 1)
    co_return std::unexpected(failure(WebSocketFault::timeout, "no TLS session in time" + where));
  if (!ec) co_return out;
  std::string words = "TLS: " + ec.message();
  if (const long result = SSL_get_verify_result(tls.native_handle()); result != X509_V_OK)
    words = std::string("TLS: ") + X509_verify_cert_error_string(result);
  co_return std::unexpected(failure(WebSocketFault::tls, words + where));
}

}  // namespace

net::awaitable<WebSocketOpener::Opened> WebSocketClient::open(WebSocketRequest request,
                                                              model::SteadyTime deadline) {
  const auto place = place_of(request.url);
  if (!place) co_return std::unexpected(failure(WebSocketFault::bad_request, "no ws:// or wss:// URL"));
  Connected connected = co_await connect(*place, request.refuses, clock_, deadline);
  if (!connected) co_return std::unexpected(connected.error());
  if (!place->tls) {
    auto socket = std::make_shared<Socket<Plain>>(nullptr, std::move(*connected));
    co_return co_await upgrade(std::move(socket), request, *place, clock_, deadline);
  }
  TlsReady ready = co_await start_tls(std::move(*connected), request, *place, clock_, deadline);
  if (!ready) co_return std::unexpected(ready.error());
  co_return co_await upgrade(std::move(*ready), request, *place, clock_, deadline);
}

}  // namespace deadcalm::runtime
