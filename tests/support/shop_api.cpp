#include "tests/support/shop_api.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace deadcalm::tests {
namespace {

namespace json = boost::json;

server::Response reply(int status, const json::value& body) {
  server::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = json::serialize(body);
  return response;
}

std::string note_in(const std::string& body) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(body, ec);
  if (ec || !parsed.is_object() || !parsed.get_object().contains("note")) return {};
  return std::string(parsed.get_object().at("note").as_string());
}

}  // namespace

ShopApi::ShopApi(net::any_io_executor executor, std::string database)
    : dsn(std::move(database)), executor_(std::move(executor)) {}

void ShopApi::start() {
  server_ = std::make_unique<server::HttpServer>(executor_,
                                                 [this](server::Request r) { return handle(std::move(r)); });
  const auto bound = server_->start("127.0.0.1:" + std::to_string(port_));
  if (!bound) throw std::runtime_error(bound.error().message);
  port_ = *bound;
}

net::awaitable<void> ShopApi::stop() {
  if (server_) co_await server_->stop();
  server_.reset();
}

net::awaitable<probes::postgres::PgResult> ShopApi::query(std::string sql, std::vector<std::string> values) {
  probes::postgres::PgConnection session(clock_, executor_);
  const model::SteadyTime deadline = clock_.now().steady + std::chrono::seconds{5};
  const auto failure = co_await session.open(model::Secret(dsn), "shop", deadline);
  if (failure) co_return std::unexpected(*failure);
  co_return co_await session.run(std::move(sql), std::move(values), deadline);
}

net::awaitable<server::Response> ShopApi::handle(server::Request request) {
  ++requests;
  constexpr std::string_view canaries = "/canaries/";
  if (hangs) co_await clock_.sleep_for(std::chrono::seconds{60});
  if (request.path == "/health") {
    const std::vector<std::string> none;
    const auto alive = co_await query("select 1", none);
    co_return reply(alive ? 200 : 503, json::object{{"ok", alive.has_value()}});
  }
  if (request.path == "/canaries" && request.method == "GET") {  // public: what the apps read
    const std::vector<std::string> none;
    const auto rows = co_await query("select note from canaries order by at desc limit 5", none);
    if (!rows) co_return reply(500, json::object{{"error", rows.error().detail}});
    json::array notes;
    for (const auto& row : rows->values) notes.push_back(json::value(row[0]));
    co_return reply(200, notes);
  }
  if (request.path == "/orders" && request.method == "POST") {  // what customers do
    if (break_writes_with != 0) co_return reply(break_writes_with, json::object{});
    const std::vector<std::string> none;
    const auto placed = co_await query("insert into orders default values", none);
    co_return reply(placed ? 201 : 500, json::object{});
  }
  if (request.path.starts_with(canaries)) {
    std::string id = request.path.substr(canaries.size());
    co_return co_await canary(std::move(request), std::move(id));
  }
  co_return reply(404, json::object{});
}

net::awaitable<server::Response> ShopApi::canary(server::Request request, std::string id) {
  const std::string* auth = request.header("authorization");
  if (auth == nullptr || *auth != "Bearer " + key)
    co_return reply(401, json::object{{"error", "unknown key"}});
  if (error_in_200) co_return reply(200, json::object{{"error", "something went wrong"}});
  probes::postgres::PgResult result = probes::postgres::PgRows{};
  if (request.method == "PUT") {
    if (fail_next_writes > 0) {
      --fail_next_writes;
      co_return reply(502, json::object{});
    }
    if (break_writes_with != 0)
      co_return reply(break_writes_with, json::object{{"error", "note must be an object"}});
    if (write_takes.count() > 0) co_await clock_.sleep_for(write_takes);
    if (rolls_back) co_return reply(201, json::object{{"id", id}});
    const std::vector<std::string> values{id, note_in(request.body)};
    result = co_await query(
        "insert into canaries (id, note) values ($1, $2) on conflict (id) do update set note = excluded.note",
        values);
    if (result) co_return reply(201, json::object{{"id", id}});
  } else if (request.method == "DELETE") {
    const std::vector<std::string> values{id};
    result = co_await query("delete from canaries where id = $1", values);
    if (result) co_return reply(result->affected > 0 ? 200 : 404, json::object{});
  } else {
    const std::vector<std::string> values{id};
    result = co_await query("select note from canaries where id = $1", values);
    if (result && result->values.empty()) co_return reply(404, json::object{});
    if (result) co_return reply(200, json::object{{"id", id}, {"note", result->values[0][0]}});
  }
  co_return reply(500, json::object{{"error", result.error().detail}});
}

}  // namespace deadcalm::tests
