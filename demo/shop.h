#pragma once
// The small shop that `./run` watches and deletes: an order API on a SQLite file of its own.
//   GET  /orders              every order, with the newest canary note beside them
//   POST /orders {"item":..}  a new order
//   PUT, GET, DELETE /canaries/<id>   the canary route deadcalm writes through
// A real API on a real file: nothing in it knows of deadcalm or pretends.
#include <memory>
#include <string>

#include "server/http_server.h"

namespace SQLite {
class Database;
}

namespace deadcalm::demo {

// Loop thread only.
class Shop {
 public:
  Shop(net::any_io_executor executor, std::string database_file);
  ~Shop();

  // Opens the file (an empty one gets the tables and a few orders where `stocked`) and listens.
  model::Result<std::uint16_t> start(const std::string& listen, bool stocked);
  // Stops answering and closes the file.
  net::awaitable<void> stop();

  int orders() const;
  int canaries() const;

 private:
  net::awaitable<server::Response> handle(server::Request request);
  server::Response orders_page();
  server::Response add_order(const std::string& body);
  server::Response canary(const server::Request& request, const std::string& id);

  net::any_io_executor executor_;
  std::string file_;
  std::unique_ptr<SQLite::Database> db_;
  std::unique_ptr<server::HttpServer> server_;
};

}  // namespace deadcalm::demo
