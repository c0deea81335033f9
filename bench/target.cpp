// bench_target PORT: a canary API in memory, which counts what it is asked.
//   PUT, GET, DELETE /canaries/<id>   the canary route
//   GET /ok                           a fixed page, for blackbox_exporter
//   GET /count                        the counts since start and the offsets since the last /count
// An offset is the time from the last slot of deadcalm's schedule (100 ms of CLOCK_MONOTONIC, see
// monitor/schedule.h) to the arrival of a plant: how late looks start, seen from outside.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <iostream>
#include <unordered_map>

#include "server/http_server.h"

namespace {

using namespace deadcalm;
namespace json = boost::json;
using Micros = std::chrono::microseconds;

constexpr Micros kSlot{100'000};
constexpr std::string_view kRoute = "/canaries/";
constexpr std::string_view kOkBody = R"({"status":"ok","service":"bench","items":[1,2,3,4,5,6,7,8]})";

class Target {
 public:
  server::Response handle(const server::Request& request) {
    if (request.path == "/ok") {
      ++ok_;
      return reply(200, std::string(kOkBody));
    }
    if (request.path == "/count") return reply(200, counts());
    if (!request.path.starts_with(kRoute)) return reply(404, "{}");
    const std::string id = request.path.substr(kRoute.size());
    if (request.method == "PUT") {
      note_arrival();
      ++planted_;
      notes_[id] = note_in(request.body);
      return reply(201, "{}");
    }
    if (request.method == "DELETE") {
      const bool was_there = notes_.erase(id) > 0;
      if (was_there) ++removed_;
      return reply(was_there ? 200 : 404, "{}");
    }
    const auto it = notes_.find(id);
    if (it == notes_.end()) {
      ++read_absent_;
      return reply(404, "{}");
    }
    ++read_present_;
    return reply(200, json::serialize(json::object{{"id", id}, {"note", it->second}}));
  }

 private:
  static server::Response reply(int status, std::string body) {
    server::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = std::move(body);
    return response;
  }

  static std::string note_in(const std::string& body) {
    boost::system::error_code ec;
    const json::value parsed = json::parse(body, ec);
    if (ec || !parsed.is_object()) return "";
    const json::value* note = parsed.get_object().if_contains("note");
    return note != nullptr && note->is_string() ? std::string(note->get_string()) : "";
  }

  void note_arrival() {
    const auto now =
        std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch()).count();
    const auto slot = now / kSlot.count();
    const auto offset = now % kSlot.count();
    offsets_.push_back(offset);
    if (slot != last_slot_) first_offsets_.push_back(offset);
    last_slot_ = slot;
  }

  static json::object percentiles(std::vector<std::int64_t>& values) {
    json::object out{{"n", values.size()}};
    std::ranges::sort(values);
    const auto at = [&](double share) {
      return values.empty()
                 ? 0
                 : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    out["p50_us"] = at(0.5);
    out["p99_us"] = at(0.99);
    out["max_us"] = at(1);
    values.clear();
    return out;
  }

  std::string counts() {
    json::object out;
    out["planted"] = planted_;
    out["read_present"] = read_present_;
    out["read_absent"] = read_absent_;
    out["removed"] = removed_;
    out["kept"] = notes_.size();
    out["ok"] = ok_;
    out["plants_after_slot"] = percentiles(offsets_);
    out["first_plant_after_slot"] = percentiles(first_offsets_);
    return json::serialize(out);
  }

  std::unordered_map<std::string, std::string> notes_;
  std::uint64_t planted_ = 0, read_present_ = 0, read_absent_ = 0, removed_ = 0, ok_ = 0;
  std::vector<std::int64_t> offsets_, first_offsets_;
  std::int64_t last_slot_ = -1;
};

net::awaitable<void> live(server::HttpServer& http) {
  net::signal_set signals(co_await net::this_coro::executor, SIGTERM, SIGINT);
  co_await signals.async_wait(net::use_awaitable);
  co_await http.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_target PORT\n";
    return 2;
  }
  net::io_context io(1);
  Target target;
  server::HttpServerLimits limits;
  limits.max_connections = 20'000;
  server::HttpServer http(
      io.get_executor(),
      [&target](server::Request request) -> net::awaitable<server::Response> {
        co_return target.handle(request);
      },
      limits);
  const auto port = http.start(std::string("127.0.0.1:") + argv[1]);
  if (!port) {
    std::cerr << port.error().message << '\n';
    return 1;
  }
  net::co_spawn(io, live(http), net::detached);
  io.run();
}
