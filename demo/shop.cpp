#include "demo/shop.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace deadcalm::demo {
namespace {

namespace json = boost::json;

server::Response reply(int status, const json::value& body) {
  server::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = json::serialize(body) + '\n';
  return response;
}

server::Response error(int status, const char* what) {
  return reply(status, json::object{{"error", what}});
}

// The text member `key` of a JSON object, or empty.
std::string member(const std::string& body, const char* key) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(body, ec);
  if (ec || !parsed.is_object()) return {};
  const json::value* value = parsed.get_object().if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Shop::Shop(net::any_io_executor executor, std::string database_file)
    : executor_(std::move(executor)), file_(std::move(database_file)) {}
Shop::~Shop() = default;

model::Result<std::uint16_t> Shop::start(const std::string& listen, bool stocked) {
  db_ = std::make_unique<SQLite::Database>(file_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  db_->exec("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)");
  db_->exec(
      "CREATE TABLE IF NOT EXISTS canaries (id TEXT PRIMARY KEY, note TEXT NOT NULL, written INTEGER NOT "
      "NULL)");
  if (stocked && orders() == 0)
    db_->exec("INSERT INTO orders (item) VALUES ('rope'), ('lantern'), ('sailcloth')");
  server_ = std::make_unique<server::HttpServer>(
      executor_, [this](server::Request request) { return handle(std::move(request)); });
  return server_->start(listen);
}

net::awaitable<void> Shop::stop() {
  if (server_) co_await server_->stop();
  server_.reset();
  db_.reset();
}

int Shop::orders() const {
  return db_ ? db_->execAndGet("SELECT count(*) FROM orders").getInt() : 0;
}

net::awaitable<server::Response> Shop::handle(server::Request request) {
  constexpr std::string_view canaries = "/canaries/";
  try {
    if (request.path == "/orders" && request.method == "GET") co_return orders_page();
    if (request.path == "/orders" && request.method == "POST") co_return add_order(request.body);
    if (request.path.starts_with(canaries)) co_return canary(request, request.path.substr(canaries.size()));
  } catch (const SQLite::Exception& e) {
    co_return error(500, e.what());
  }
  co_return error(404, "no such page");
}

server::Response Shop::orders_page() {
  json::array orders;
  SQLite::Statement q(*db_, "SELECT id, item FROM orders ORDER BY id");
  while (q.executeStep()) {
    orders.push_back(json::object{{"id", q.getColumn(0).getInt()}, {"item", q.getColumn(1).getString()}});
  }
  json::object page{{"orders", std::move(orders)}};
  SQLite::Statement newest(*db_, "SELECT note FROM canaries ORDER BY written DESC, rowid DESC LIMIT 1");
  if (newest.executeStep()) page["canary"] = newest.getColumn(0).getString();
  return reply(200, page);
}

server::Response Shop::add_order(const std::string& body) {
  const std::string item = member(body, "item");
  if (item.empty()) return error(422, "give {\"item\": \"...\"}");
  SQLite::Statement insert(*db_, "INSERT INTO orders (item) VALUES (?)");
  insert.bind(1, item);
  insert.exec();
  return reply(201, json::object{{"id", db_->getLastInsertRowid()}});
}

server::Response Shop::canary(const server::Request& request, const std::string& id) {
  if (request.method == "PUT") {
    const std::string note = member(request.body, "note");
    if (note.empty()) return error(422, "give {\"note\": \"...\"}");
    SQLite::Statement put(
        *db_,
        "INSERT INTO canaries VALUES (?1, ?2, (SELECT coalesce(max(written), 0) + 1 FROM canaries)) "
        "ON CONFLICT (id) DO UPDATE SET note = ?2");
    put.bind(1, id);
    put.bind(2, note);
    put.exec();
    return reply(201, json::object{{"id", id}});
  }
  if (request.method == "DELETE") {
    SQLite::Statement remove(*db_, "DELETE FROM canaries WHERE id = ?");
    remove.bind(1, id);
    return remove.exec() > 0 ? reply(200, json::object{{"removed", id}}) : error(404, "no such canary");
  }
  if (request.method != "GET") return error(405, "PUT, GET or DELETE");
  SQLite::Statement q(*db_, "SELECT note FROM canaries WHERE id = ?");
  q.bind(1, id);
  if (!q.executeStep()) return error(404, "no such canary");
  return reply(200, json::object{{"id", id}, {"note", q.getColumn(0).getString()}});
}

}  // namespace deadcalm::demo
