#include "runtime/websocket.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/http/field.hpp>
#include <cctype>
#include <optional>

#include "runtime/connect.h"
#include "runtime/websocket_url.h"
#include "runtime/websocket_wire.h"

namespace deadcalm::runtime {
namespace {

using namespace wire;
using namespace net::experimental::awaitable_operators;
using Place = WebSocketPlace;

WebSocketFailure told(const ConnectFailure& failed, const Place& place) {
  const auto fault = [&] {
    switch (failed.fault) {
      case ConnectFault::resolve: return WebSocketFault::dns;
      case ConnectFault::refused: return WebSocketFault::bad_request;
      case ConnectFault::connect: return WebSocketFault::connect;
      case ConnectFault::own: break;
    }
    return WebSocketFault::own;
  };
  return failure(fault(), failed.message + " (" + place.name + ')');
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
  const TcpTarget target{place->host, place->port, request.policy};
  auto connected = co_await connect(target, clock_, deadline);
  if (!connected) co_return std::unexpected(told(connected.error(), *place));
  error_code ec;
  connected->set_option(tcp::no_delay(true), ec);
  if (!place->tls) {
    auto socket = std::make_shared<Socket<Plain>>(nullptr, std::move(*connected));
    co_return co_await upgrade(std::move(socket), request, *place, clock_, deadline);
  }
  TlsReady ready = co_await start_tls(std::move(*connected), request, *place, clock_, deadline);
  if (!ready) co_return std::unexpected(ready.error());
  co_return co_await upgrade(std::move(*ready), request, *place, clock_, deadline);
}

}  // namespace deadcalm::runtime
