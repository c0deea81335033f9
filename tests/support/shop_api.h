#pragma once
// A small API on a real PostgreSQL, as a product would have it, with the ways it can break. In this
// process, on a real socket; every request opens its own database session.
//   PUT, GET, DELETE /canaries/<id>    GET /canaries (newest first)    POST /orders    GET /health
#include <memory>
#include <string>

#include "probes/postgres/pg_connection.h"
#include "runtime/clock.h"
#include "server/http_server.h"

namespace deadcalm::tests {

class ShopApi {
 public:
  ShopApi(net::any_io_executor executor, std::string dsn);

  void start();  // the same port each time
  net::awaitable<void> stop();
  std::uint16_t port() const { return port_; }

  std::string dsn;
  std::string key = "the-canary-key";  // the bearer token that is let in
  int break_writes_with = 0;           // a deploy broke PUT: this status
  bool error_in_200 = false;           // answers 200 with an error inside
  bool rolls_back = false;             // 201, and the transaction is rolled back
  bool hangs = false;                  // accepts and never answers
  model::Millis write_takes{0};
  int fail_next_writes = 0;  // that many 502s, then fine
  int requests = 0;

 private:
  net::awaitable<server::Response> handle(server::Request request);
  net::awaitable<server::Response> canary(server::Request request, std::string id);
  net::awaitable<probes::postgres::PgResult> query(std::string sql, std::vector<std::string> values);

  net::any_io_executor executor_;
  runtime::SystemClock clock_;
  std::unique_ptr<server::HttpServer> server_;
  std::uint16_t port_ = 0;
};

}  // namespace deadcalm::tests
