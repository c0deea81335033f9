#pragma once
// A small canary API in memory for tests of the http backend, with the faults such APIs show. Real HTTP
// on a real socket, in this process.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <string>

#include "runtime/clock.h"
#include "server/http_server.h"

namespace deadcalm::tests {

struct CanaryApi {
  std::map<std::string, std::string> notes;  // id -> note
  int refuse_with = 0;                       // this status for every request
  int refuse_writes_with = 0;
  std::string body_when_refused;
  std::string content_type_when_refused = "application/json";
  bool rolls_back = false;  // 201, and not kept
  bool error_body = false;  // 200 with an error inside
  bool delete_always_204 = false;
  bool caches = false;       // claims a cache hit
  bool assigns_ids = false;  // POST /canaries -> {"id": n}
  model::Millis write_takes{0};
  std::string wanted_auth;  // the Authorization header that is let in; empty: any
  std::vector<server::Request> seen;
  int next_id = 1;

  static server::Response reply(int status, std::string body) {
    server::Response r;
    r.status = status;
    r.content_type = "application/json";
    r.body = std::move(body);
    return r;
  }

  net::awaitable<server::Response> handle(server::Request request) {
    seen.push_back(request);
    const bool write = request.method != "GET";
    if (write && write_takes.count() > 0) {
      runtime::SystemClock clock;
      co_await clock.sleep_for(write_takes);
    }
    const std::string* auth = request.header("authorization");
    if (!wanted_auth.empty() && (auth == nullptr || *auth != wanted_auth))
      co_return reply(401, R"({"error":"who are you"})");
    if (const int status = refuse_with != 0 ? refuse_with : write ? refuse_writes_with : 0; status != 0) {
      server::Response r = reply(status, body_when_refused);
      r.content_type = content_type_when_refused;
      co_return r;
    }
    if (error_body) co_return reply(200, R"({"error":"the database is on holiday"})");
    server::Response r = answer(request);
    if (caches) r.headers.emplace_back("X-Cache", "HIT");
    co_return r;
  }

  server::Response answer(const server::Request& request) {
    constexpr std::string_view base = "/canaries";
    if (!request.path.starts_with(base)) return reply(404, "{}");
    const std::string id = request.path.size() > base.size() ? request.path.substr(base.size() + 1) : "";
    if (request.method == "POST" && id.empty() && assigns_ids) {
      const std::string given = std::to_string(next_id++);
      if (!rolls_back) notes[given] = note_in(request.body);
      return reply(201, R"({"data":{"id":)" + given + "}}");
    }
    if (request.method == "PUT") {
      if (!rolls_back) notes[id] = note_in(request.body);
      return reply(201, "{}");
    }
    if (request.method == "DELETE") {
      const bool was_there = notes.erase(id) > 0;
      return delete_always_204 ? reply(204, "") : was_there ? reply(200, "{}") : reply(404, "{}");
    }
    if (id.empty()) {
      boost::json::array items;
      for (const auto& [key, note] : notes)
        items.push_back(boost::json::object{{"id", std::stoi(key)}, {"note", note}});
      return reply(200, boost::json::serialize(boost::json::object{{"items", items}}));
    }
    const auto it = notes.find(id);
    if (it == notes.end()) return reply(404, "{}");
    return reply(200, boost::json::serialize(boost::json::object{{"id", id}, {"note", it->second}}));
  }

  static std::string note_in(const std::string& body) {
    boost::system::error_code ec;
    const auto parsed = boost::json::parse(body, ec);
    if (ec || !parsed.is_object() || !parsed.get_object().contains("note")) return "";
    return std::string(parsed.get_object().at("note").as_string());
  }
};

}  // namespace deadcalm::tests
