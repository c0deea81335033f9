// `deadcalm ledger`: what of ours is where, from the store alone.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "app/commands/commands.h"
#include "store/sqlite/sqlite_store.h"
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
  int run(const std::string& service) {
    out.str("");
    err.str("");
    return app::ledger(flags, service, out, err);
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
