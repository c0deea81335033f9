// `deadcalm ledger`: what of ours is where, from the store alone.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "app/commands/commands.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/support/canary_api.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using model::RecordState;

namespace {

struct Place {
  tests::TempDir dir;
  app::GlobalFlags flags;
  std::ostringstream out, err;

  Place() {
    flags.config_file = dir.file("d.yaml");
    std::ofstream(flags.config_file) << "store: { path: " << dir.file("s.db")
                                     << " }\ndefaults: { page: [terminal] }\nservices:\n  - name: orders\n   "
                                        " write: { type: http, resource: "
                                        "\"https://api.example.com/c\", json: { t: \"${canary.token}\" } }\n"
                                        "channels: [ { name: terminal, type: console } ]\n";
  }
  int run(const std::string& service, bool find = false) {
    out.str("");
    err.str("");
    return app::ledger(flags, service, find, out, err);
  }
};

}  // namespace

TEST_CASE("the ledger is shown by stream, with the state of each record in words") {
  Place place;
  store::Batch batch;
  batch.streams = {
      {"a1-orders-x", "orders", "write-http", "PUT https://api.example.com/c", 9, true, false, ""},
      {"a1-old-y", "old", "write-http", "PUT https://old.example.com/c", 2, false, false, ""}};
  batch.records = {{"a1-orders-x", 7, RecordState::sentinel, "dc1...", "dc-a1-orders-x-7", {}, {}},
                   {"a1-orders-x", 8, RecordState::kept, "dc1...", "dc-a1-orders-x-8", {}, {}},
                   {"a1-old-y", 1, RecordState::unresolved, "dc1...", "", {}, {}}};
  REQUIRE(store::open_sqlite(place.dir.file("s.db")).value()->commit(batch));

  CHECK(place.run("orders") == app::kDone);
  const std::string text = place.out.str();
  CHECK_THAT(text, Catch::Contains("orders/write-http  stream a1-orders-x, next number 9, armed"));
  CHECK_THAT(text,
             Catch::Contains("7  sentinel") && Catch::Contains("dc-a1-orders-x-7  (stays for its age)"));
  CHECK_THAT(text, Catch::Contains("8  kept"));
  CHECK(text.find("a1-old-y") == std::string::npos);

  CHECK(place.run("") == app::kDone);  // also what is no longer configured
  CHECK_THAT(place.out.str(), Catch::Contains("old/write-http") && Catch::Contains("id not known yet"));

  CHECK(place.run("ordes") == app::kBadUsage);
  CHECK_THAT(place.err.str(), Catch::Contains("did you mean \"orders\"?"));
}

TEST_CASE("without a store the ledger says why") {
  Place place;
  CHECK(place.run("orders") == app::kFailed);
  CHECK_THAT(place.err.str(), Catch::Contains("there is no store at"));
}

TEST_CASE("ledger --find: the backend's own answer, by instance, and nothing is removed") {
  Place place;
  net::io_context io{1};
  tests::CanaryApi api;
  server::HttpServer server(io.get_executor(), [&](server::Request r) { return api.handle(std::move(r)); });
  const auto port = server.start("127.0.0.1:0").value();
  std::thread loop([&] { io.run(); });
  std::ofstream(place.flags.config_file)
      << "store: { path: " << place.dir.file("s.db")
      << " }\ncanary_key: 0123456789abcdef0123\ndefaults: { page: [terminal] }\nservices:\n  - name: orders\n"
         "    write:\n      type: http\n      resource: \"http://127.0.0.1:"
      << port
      << "/canaries\"\n      json: { note: \"${canary.token}\" }\n      find: { url: \"http://127.0.0.1:"
      << port
      << "/canaries\", records: $.items, id: $.id, token: $.note }\nchannels: [ { name: terminal, type: "
         "console } ]\n";
  const model::Secret key("0123456789abcdef0123");
  const model::WallTime now = runtime::SystemClock{}.now().wall;
  const auto token = [&](const char* stream, std::uint64_t seq) {
    return encode(model::Token{stream, seq, now - std::chrono::hours{2}, "abcd1234"}, key);
  };
  api.notes = {{"1", token("a1-orders-x", 8)},
               {"2", token("a1-orders-x", 3)},
               {"3", token("b2-orders-x", 5)},
               {"4", "a customer's own note"}};
  store::Batch batch;
  batch.streams = {{"a1-orders-x", "orders", "write-http", "t", 9, true, false, ""}};
  batch.records = {{"a1-orders-x", 8, RecordState::kept, token("a1-orders-x", 8), "1", now, {}}};
  REQUIRE(store::open_sqlite(place.dir.file("s.db")).value()->commit(batch));

  const int code = place.run("orders", true);
  const std::size_t left = api.notes.size();
  api.refuse_with = 503;
  const int refused = [&] {
    const std::string before = place.out.str();
    const int result = place.run("orders", true);
    CHECK_THAT(place.out.str(), Catch::Contains("NOT listed: HTTP 503"));
    place.out.str(before);
    return result;
  }();
  io.stop();
  loop.join();
  tests::run_task(io, server.stop());
  CHECK(code == app::kDone);
  CHECK(refused == app::kFailed);
  CHECK(left == 4);
  CHECK_THAT(place.out.str(), Catch::Contains("a1-orders-x") &&
                                  Catch::Contains("2 found, 2 h to 2 h old: ours, 1 NOT on the ledger") &&
                                  Catch::Contains("1 found, 2 h to 2 h old: of another instance"));
}
