#pragma once
// The cache in front of the shop: what its customers' app talks to. Passes reads on, keeps the last
// good answer, and serves that one, stale, when the shop does not answer (RFC 5861 stale-if-error),
// naming itself by Cache-Status (RFC 9211).
#include <map>
#include <string>

#include "runtime/http_client.h"
#include "server/http_server.h"

namespace deadcalm::demo {

class Cdn {
 public:
  Cdn(net::any_io_executor executor, std::string origin);

  model::Result<std::uint16_t> start(const std::string& listen);
  net::awaitable<void> stop();

 private:
  net::awaitable<server::Response> handle(server::Request request);

  std::string origin_;
  runtime::HttpClient client_;
  std::map<std::string, server::Response> kept_;  // by path
  server::HttpServer server_;
};

}  // namespace deadcalm::demo
