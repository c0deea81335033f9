#pragma once
// WebSocket out (RFC 6455), for ws:// and wss://. Implementation: websocket.cpp, the only file that knows
// how.
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/connection_policy.h"
#include "model/names.h"
#include "model/time.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

struct WebSocketRequest {
  std::string url;                        // ws or wss only
  Headers headers;                        // of the upgrade; a User-Agent is added by the caller
  std::vector<std::string> subprotocols;  // offered, in this order
  std::size_t max_message_bytes = 1 << 20;
  std::string ca_file;  // PEM; empty: the system's store
  bool verify_tls = true;
  model::ConnectionPolicy policy{};  // of the resolved addresses
};

enum class WebSocketFault {
  dns,
  connect,  // refused, unreachable
  tls,
  timeout,
  declined,     // an HTTP answer instead of the upgrade
  broken,       // cut in the middle, malformed frames
  closed,       // by the other side, with a code
  too_large,    // more than max_message_bytes
  bad_request,  // an URL that cannot be used, an address that is refused
  own,          // ours: cancelled, out of file descriptors or memory
};

struct WebSocketFailure {
  WebSocketFault fault = WebSocketFault::own;
  std::string message;        // "Connection refused (127.0.0.1:8080)"
  HttpAnswer answer{};        // declined only
  int close_code = 0;         // closed only
  std::string close_words{};  // closed only: the other side's own
};

// An open one. Loop thread only. Nothing throws for what the network does; receive() throws on cancellation.
class WebSocket {
 public:
  using Message = std::expected<std::string, WebSocketFailure>;

  virtual ~WebSocket() = default;  // cuts it; nobody may be in receive()

  // The next message. One call at a time. After a failure nothing more comes.
  virtual net::awaitable<Message> receive() = 0;
  // Put into a queue; what cannot be sent shows as a failure of receive().
  virtual void send(std::string text) = 0;
  virtual void ping() = 0;  // `when_pong` hears of the answer, while somebody is in receive()
  virtual void when_pong(std::function<void()> callback) = 0;
  // Says good-bye; receive() ends when the other side answers.
  virtual void close() = 0;
  virtual void cut() = 0;                              // receive() ends at once
  virtual const std::string& subprotocol() const = 0;  // what the other side chose; empty: nothing
};

class WebSocketOpener {
 public:
  using Opened = std::expected<std::unique_ptr<WebSocket>, WebSocketFailure>;
  virtual ~WebSocketOpener() = default;
  // Name look-up, connection, TLS and upgrade, all by the deadline.
  virtual net::awaitable<Opened> open(WebSocketRequest request, model::SteadyTime deadline) = 0;
};

class WebSocketClient final : public WebSocketOpener {
 public:
  explicit WebSocketClient(Clock& clock) : clock_(clock) {}
  net::awaitable<Opened> open(WebSocketRequest request, model::SteadyTime deadline) override;

 private:
  Clock& clock_;
};

}  // namespace deadcalm::runtime

template <>
struct deadcalm::model::Names<deadcalm::runtime::WebSocketFault> {
  static constexpr std::array<std::string_view, 10> values{
      "dns", "connect", "tls", "timeout", "declined", "broken", "closed", "too_large", "bad_request", "own"};
};
