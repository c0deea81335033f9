#pragma once
// HTTP in: Beast behind a plain interface, so that only http_server.cpp pays for its compile time.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/error.h"
#include "model/time.h"
#include "runtime/net.h"

namespace deadcalm::server {

struct Request {
  std::string method;
  std::string path;   // without the query, percent-decoding left to the handler
  std::string query;  // after '?', raw
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  const std::string* header(std::string_view name) const;
  // First value of a query parameter, percent-decoded; empty if absent.
  std::string query_value(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body;
  std::shared_ptr<const std::string> shared_body =
      nullptr;  // instead of `body`: a large one that nobody copies
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  bool drop_connection = false;  // close without answering (stand-ins use it to play a dying server)
};

using Handler = std::function<net::awaitable<Response>(Request)>;

struct HttpServerLimits {
  std::size_t max_body_bytes = 1 << 20;
  std::size_t max_header_bytes = 16 << 10;
  std::size_t max_connections = 1000;
  model::Millis idle{30'000};  // also the bound on reading one request
};

// Loop thread only. start() binds and listens; stop() closes the listener and every connection, and
// resumes when the last one is gone. A handler that throws answers 500 and the text is logged.
class HttpServer {
 public:
  HttpServer(net::any_io_executor executor, Handler handler, HttpServerLimits limits = {});
  ~HttpServer();

  // "127.0.0.1:9178", "[::1]:0"; port 0 takes a free one. Says what to mend when the address is taken.
  model::Result<std::uint16_t> start(const std::string& listen);
  net::awaitable<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace deadcalm::server
