#include "tests/support/supabase_stand_in.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "model/encoding.h"
#include "model/token.h"
#include "tests/support/postgrest_query.h"

namespace deadcalm::tests {

namespace json = boost::json;
using probes::postgres::PgResult;

const char* const kSupabaseSql = R"(
create role anon nologin; create role authenticated nologin;
create schema auth;
create function auth.jwt() returns jsonb language sql stable as
  $f$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $f$;
create function auth.uid() returns uuid language sql stable as $f$ select (auth.jwt() ->> 'sub')::uuid $f$;
grant usage on schema auth to anon, authenticated;
)";

namespace {

server::Response reply(int status, const json::value& body) {
  server::Response response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  response.body = json::serialize(body);
  return response;
}

server::Response error(int status, const std::string& code, const std::string& message) {
  return reply(status,
               json::object{{"code", code}, {"message", message}, {"details", nullptr}, {"hint", nullptr}});
}

std::string base64url(const std::string& text) {
  std::string out = model::base64(text);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

json::object object_in(const std::string& body) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(body, ec);
  return !ec && parsed.is_object() ? parsed.get_object() : json::object{};
}

std::string field(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::array as_json(const PostgrestQuery& query, const probes::postgres::PgRows& rows) {
  json::array list;
  for (const auto& row : rows.values) {
    json::object item;
    for (std::size_t i = 0; i < query.columns.size(); ++i) item[query.columns[i]] = row.at(i);
    list.push_back(item);
  }
  return list;
}

// "SQLSTATE 42501: permission denied for table x"
server::Response refusal(const std::string& detail, bool signed_in) {
  constexpr std::string_view start = "SQLSTATE ";
  if (!detail.starts_with(start)) return error(503, "PGRST001", detail);
  const std::string state = detail.substr(start.size(), 5);
  return error(postgrest_status(state, signed_in), state, detail.substr(start.size() + 7));
}

}  // namespace

SupabaseStandIn::SupabaseStandIn(net::any_io_executor executor, std::string database)
    : dsn(std::move(database)), executor_(std::move(executor)) {}

void SupabaseStandIn::start() {
  server_ = std::make_unique<server::HttpServer>(executor_,
                                                 [this](server::Request r) { return handle(std::move(r)); });
  const auto bound = server_->start("127.0.0.1:" + std::to_string(port_));
  if (!bound) throw std::runtime_error(bound.error().message);
  port_ = *bound;
}

net::awaitable<void> SupabaseStandIn::stop() {
  if (server_) co_await server_->stop();
  server_.reset();
}

void SupabaseStandIn::add_user(const std::string& email, const std::string& password,
                               const std::string& uuid) {
  users_[email] = {password, uuid};
}

net::awaitable<server::Response> SupabaseStandIn::handle(server::Request request) {
  if (answer_all_with != 0) co_return reply(answer_all_with, json::object{{"message", "the gateway"}});
  const std::string* key = request.header("apikey");
  if (key == nullptr || *key != anon_key) co_return reply(401, json::object{{"message", "Invalid API key"}});
  if (request.path == "/auth/v1/token") co_return sign_in(request);
  if (request.path.starts_with("/rest/v1/")) co_return co_await rest(std::move(request));
  co_return reply(404, json::object{{"message", "no Route matched with those values"}});
}

server::Response SupabaseStandIn::sign_in(const server::Request& request) {
  const json::object body = object_in(request.body);
  const auto refused = [](const char* code, const char* message) {
    return reply(400, json::object{{"code", 400}, {"error_code", code}, {"msg", message}});
  };
  if (request.query_value("grant_type") == "refresh_token") {
    ++refreshes;
    const auto known = refresh_.find(field(body, "refresh_token"));
    if (known == refresh_.end())
      return refused("refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
    const std::string email = known->second;
    refresh_.erase(known);
    return grant(email);
  }
  ++sign_ins;
  const std::string email = field(body, "email");
  const auto user = users_.find(email);
  if (user == users_.end() || user->second.password != field(body, "password"))
    return refused("invalid_credentials", "Invalid login credentials");
  return grant(email);
}

server::Response SupabaseStandIn::grant(const std::string& email) {
  const json::object claims{{"sub", users_.at(email).uuid},
                            {"email", email},
                            {"role", "authenticated"},
                            {"exp", model::unix_millis(clock_.now().wall) / 1000 + token_life}};
  const std::string text = json::serialize(claims);
  const std::string access =
      base64url(R"({"alg":"HS256"})") + '.' + base64url(text) + '.' + model::random_hex(16);
  const std::string refresh = model::random_hex(8);
  tokens_[access] = text;
  refresh_[refresh] = email;
  return reply(200, json::object{{"access_token", access},
                                 {"token_type", "bearer"},
                                 {"expires_in", token_life},
                                 {"refresh_token", refresh}});
}

net::awaitable<server::Response> SupabaseStandIn::rest(server::Request request) {
  ++rest_calls;
  if (hangs) co_await clock_.sleep_for(std::chrono::seconds{60});
  if (!rest_body.empty()) {
    server::Response garbage;
    garbage.body = rest_body;
    co_return garbage;
  }
  std::string claims;
  const std::string* authorization = request.header("authorization");
  constexpr std::string_view bearer = "Bearer ";
  const bool signed_in = authorization != nullptr && authorization->starts_with(bearer) &&
                         *authorization != std::string(bearer) + anon_key;
  if (signed_in) {
    const auto known = tokens_.find(authorization->substr(bearer.size()));
    if (known == tokens_.end()) co_return error(401, "PGRST303", "JWT expired");
    claims = known->second;
  }
  const auto query = parse_postgrest(request);
  if (!query) co_return error(400, "PGRST100", query.error());

  probes::postgres::PgConnection session(clock_, executor_);
  const model::SteadyTime deadline = clock_.now().steady + std::chrono::seconds{5};
  const auto failure = co_await session.open(model::Secret(dsn), "postgrest", deadline);
  if (failure) co_return error(503, "PGRST000", "Database connection error. Retrying the connection.");
  std::vector<std::string> table{query->table};
  const PgResult there = co_await session.run("select to_regclass($1) is not null", table, deadline);
  if (there && there->values[0][0] == "f")
    co_return error(404, "PGRST205", "Could not find the table '" + query->table + "' in the schema cache");
  std::string begin = std::string("begin; set local role ") + (signed_in ? "authenticated" : "anon");
  co_await session.run_simple(std::move(begin), deadline);
  std::vector<std::string> values{claims};
  co_await session.run("select set_config('request.jwt.claims', $1, true)", values, deadline);
  const PgResult rows = co_await session.run(query->sql, query->values, deadline);
  if (!rows) co_return refusal(rows.error().detail, signed_in);
  std::string commit = "commit";
  const PgResult ended = co_await session.run_simple(std::move(commit), deadline);
  if (!ended) co_return refusal(ended.error().detail, signed_in);
  const json::array list = as_json(*query, *rows);
  co_return reply(request.method == "POST" ? 201 : 200, list);
}

}  // namespace deadcalm::tests
