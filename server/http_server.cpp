#include "server/http_server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <charconv>
#include <list>

#include "runtime/task_group.h"

namespace deadcalm::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = net::ip::tcp;

constexpr std::chrono::milliseconds kPauseWhenExhausted{200};

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

Request to_plain(http::request<http::string_body>&& message) {
  Request request;
  request.method = std::string(message.method_string());
  const std::string_view target{message.target().data(), message.target().size()};
  const std::size_t question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  for (const auto& field : message)
    request.headers.emplace_back(lower(field.name_string()), std::string(field.value()));
  request.body = std::move(message.body());
  return request;
}

bool has_body(const Response& response) {
  return response.status != 204 && response.status != 304;
}

using SpanBody = http::span_body<const char>;

http::response<SpanBody> to_beast(const Response& response, std::size_t size, bool keep_alive,
                                  unsigned version) {
  http::response<SpanBody> message;
  message.version(version);
  message.result(static_cast<unsigned>(response.status));
  message.set(http::field::server, "deadcalm/" DEADCALM_VERSION);
  message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.keep_alive(keep_alive);
  if (has_body(response)) {
    message.content_length(size);
  } else {
    message.erase(http::field::content_type);
  }
  return message;
}

net::awaitable<boost::system::error_code> send(beast::tcp_stream& stream, Response response, bool keep_alive,
                                               unsigned version, bool head) {
  boost::system::error_code ec;
  const std::string_view body = response.shared_body ? *response.shared_body : response.body;
  auto message = to_beast(response, body.size(), keep_alive, version);
  if (has_body(response)) message.body() = {body.data(), body.size()};
  http::response_serializer<SpanBody> serializer(message);
  if (head) {
    co_await http::async_write_header(stream, serializer, net::redirect_error(net::use_awaitable, ec));
  } else {
    co_await http::async_write(stream, serializer, net::redirect_error(net::use_awaitable, ec));
  }
  co_return ec;
}

// "host:port" or "[v6]:port"; the port must be there.
model::Result<tcp::endpoint> parse_listen(const std::string& listen) {
  const auto bad = [&] {
    return model::fail(
        model::ErrorKind::bad_input,
        "cannot listen on \"" + listen + "\": give an address and a port, like 127.0.0.1:9178");
  };
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return bad();
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const char* end = listen.data() + listen.size();
  const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, port);
  boost::system::error_code ec;
  const auto address = net::ip::make_address(host, ec);
  if (ec || error != std::errc{} || stop != end) return bad();
  return tcp::endpoint(address, port);
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
  State(net::any_io_executor ex, Handler h, HttpServerLimits l)
      : executor(std::move(ex)),
        handler(std::move(h)),
        limits(l),
        acceptor(executor),
        tasks(executor, &log_failure) {}

  static void log_failure(const std::string& task, const std::string& what) {
    spdlog::error("{} ended: {}", task, what);
  }

  net::awaitable<void> accept_loop();
  net::awaitable<void> serve(tcp::socket socket);
  net::awaitable<Response> answer(Request request);

  net::any_io_executor executor;
  Handler handler;
  HttpServerLimits limits;
  tcp::acceptor acceptor;
  runtime::TaskGroup tasks;
};

net::awaitable<Response> HttpServer::State::answer(Request request) {
  std::string failure;
  try {
    co_return co_await handler(std::move(request));
  } catch (const boost::system::system_error& e) {
    if (e.code() == net::error::operation_aborted) throw;  // the server is stopping
    failure = e.what();
  } catch (const std::exception& e) {
    failure = e.what();
  }
  spdlog::error("a request handler failed: {}", failure);
  Response response;
  response.status = 500;
  response.body = "internal error, see the log\n";
  co_return response;
}

net::awaitable<void> HttpServer::State::serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  boost::system::error_code ec;
  while (true) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(limits.max_body_bytes);
    parser.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    stream.expires_after(limits.idle);
    co_await http::async_read(stream, buffer, parser, net::redirect_error(net::use_awaitable, ec));
    if (ec == http::error::body_limit || ec == http::error::header_limit) {
      Response too_large;
      too_large.status = ec == http::error::body_limit ? 413 : 431;
      too_large.body = "request too large\n";
      co_await send(stream, std::move(too_large), false, 11, false);
      break;
    }
    if (ec) break;
    const bool keep_alive = parser.get().keep_alive();
    const unsigned version = parser.get().version();
    Request request = to_plain(parser.release());
    const bool head = request.method == "HEAD";
    stream.expires_never();  // the handler has deadlines of its own
    Response response = co_await answer(std::move(request));
    if (response.drop_connection) break;
    stream.expires_after(limits.idle);
    ec = co_await send(stream, std::move(response), keep_alive, version, head);
    if (ec || !keep_alive) break;
  }
  stream.socket().shutdown(tcp::socket::shutdown_both, ec);
}

net::awaitable<void> HttpServer::State::accept_loop() {
  boost::system::error_code ec;
  bool exhausted = false;
  while (acceptor.is_open()) {
    tcp::socket socket(executor);
    co_await acceptor.async_accept(socket, net::redirect_error(net::use_awaitable, ec));
    if (ec == net::error::operation_aborted || !acceptor.is_open()) co_return;
    if (ec) {  // out of descriptors: the connection stays in the queue, and asking again at once would spin
      if (!std::exchange(exhausted, true)) spdlog::error("cannot accept a connection: {}", ec.message());
      net::steady_timer pause(executor, kPauseWhenExhausted);
      co_await pause.async_wait(net::redirect_error(net::use_awaitable, ec));
      continue;
    }
    exhausted = false;
    if (tasks.size() > limits.max_connections) continue;  // dropping the socket closes it
    socket.set_option(tcp::no_delay(true), ec);
    tasks.spawn("http connection", serve(std::move(socket)));
  }
}

HttpServer::HttpServer(net::any_io_executor executor, Handler handler, HttpServerLimits limits)
    : state_(std::make_shared<State>(std::move(executor), std::move(handler), limits)) {}
HttpServer::~HttpServer() = default;

model::Result<std::uint16_t> HttpServer::start(const std::string& listen) {
  const auto endpoint = parse_listen(listen);
  if (!endpoint) return std::unexpected(endpoint.error());
  boost::system::error_code ec;
  tcp::acceptor& acceptor = state_->acceptor;
  acceptor.open(endpoint->protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(*endpoint, ec);
  if (!ec) acceptor.listen(tcp::acceptor::max_listen_connections, ec);
  if (ec) {
    const std::string remedy =
        ec == net::error::address_in_use
            ? "; another program has this port: end it, or set web.listen to another one"
            : "";
    boost::system::error_code ignored;
    acceptor.close(ignored);
    return model::fail(model::ErrorKind::unavailable,
                       "cannot listen on " + listen + ": " + ec.message() + remedy);
  }
  state_->tasks.spawn("http listener", state_->accept_loop());
  return acceptor.local_endpoint().port();
}

net::awaitable<void> HttpServer::stop() {
  boost::system::error_code ec;
  state_->acceptor.close(ec);
  state_->tasks.stop();
  co_await state_->tasks.join();
}

const std::string* Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string Request::query_value(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos) {
      std::string value;
      const std::string_view raw = pair.substr(equals + 1);
      for (std::size_t i = 0; i < raw.size(); ++i) {
        unsigned byte = 0;
        if (raw[i] == '+') {
          value += ' ';
        } else if (raw[i] == '%' && i + 2 < raw.size() &&
                   std::from_chars(raw.data() + i + 1, raw.data() + i + 3, byte, 16).ptr ==
                       raw.data() + i + 3) {
          value += static_cast<char>(byte);
          i += 2;
        } else {
          value += raw[i];
        }
      }
      return value;
    }
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return {};
}

}  // namespace deadcalm::server
