#pragma once
// HTTP out: libcurl's multi interface on the Asio loop (see curl_loop.cpp for the traps). One client
// per purpose: probes and pages never share connections, so that one cannot starve the other.
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/connection_policy.h"
#include "model/names.h"
#include "model/time.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The connection of one transaction: its first request opens it, those that follow find it open, and
// nobody else does. Requests at the same time get one each. Must outlive every fetch() that names it.
class HttpSession {
 public:
  HttpSession() = default;
  ~HttpSession();
  HttpSession(HttpSession&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
  HttpSession& operator=(HttpSession&& other) noexcept {
    std::swap(pool_, other.pool_);
    return *this;
  }

  void close();  // closes its connections; the next request opens a new one

 private:
  friend class HttpClient;
  void* pool_ = nullptr;  // CURLSH*: made by the first request
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;                // http or https only
  Headers headers;                // as given; a User-Agent is added by the caller
  std::string body;               // sent when non-empty, or for POST, PUT and PATCH
  model::Millis timeout{10'000};  // the whole exchange, DNS included
  std::size_t max_body_bytes = 1 << 20;
  std::string ca_file;  // PEM; empty: the system's store
  bool verify_tls = true;
  model::ConnectionPolicy policy{};
  bool certificate = false;  // tell when the server's certificate ends (HttpAnswer::certificate_ends)
  // nullptr: a connection of its own, since a pooled one hides faults of DNS, TLS and the balancer.
  HttpSession* session = nullptr;
};

// Offsets are already differences: each phase alone, clamped at 0. Redirects are never followed.
struct HttpTimings {
  model::Millis dns{}, connect{}, tls{}, first_byte{}, total{};
};

struct HttpAnswer {
  int status = 0;
  Headers headers;  // names in lower case, in order of arrival
  std::string body;
  HttpTimings timings;
  bool reused_connection = false;
  std::optional<model::WallTime> certificate_ends;  // notAfter of the server's own, when asked for

  // First value of a header (name in lower case); nullptr if absent.
  const std::string* header(std::string_view name) const;
};

enum class HttpFault {
  dns,
  connect,  // refused, unreachable, reset before anything was sent
  tls,
  timeout,
  broken,       // cut in the middle, malformed answer
  too_large,    // more than max_body_bytes
  refused,      // by the connection policy
  bad_request,  // an URL or header that cannot be sent
  own,          // ours: cancelled, out of file descriptors or memory
};

struct HttpFailure {
  HttpFault fault = HttpFault::own;
  bool request_sent = false;  // true: the other side may have acted on it
  std::string message;        // "connection refused 127.0.0.1:8080"
};

class CurlLoop;

// Loop thread only. fetch() never throws for what the network does, always ends by `timeout`, and on
// cancellation ends with HttpFault::own. Destroy only when no fetch is under way
// and every session is closed.
class HttpClient {
 public:
  explicit HttpClient(net::any_io_executor executor);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  net::awaitable<std::expected<HttpAnswer, HttpFailure>> fetch(HttpRequest request);

 private:
  std::unique_ptr<CurlLoop> loop_;
};

}  // namespace deadcalm::runtime

template <>
struct deadcalm::model::Names<deadcalm::runtime::HttpFault> {
  static constexpr std::array<std::string_view, 9> values{
      "dns", "connect", "tls", "timeout", "broken", "too_large", "refused", "bad_request", "own"};
};
