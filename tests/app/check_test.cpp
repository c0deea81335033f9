// What `check` says of false pages before and after a week of looks, and of silence.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "app/commands/commands.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

const model::WallTime kNow = model::from_unix_millis(1'788'177'600'000);

std::unique_ptr<app::Configured> configured(const std::string& store, const std::string& more = "") {
  auto made =
      app::configure_text("store: { path: " + store +
                              " }\ndefaults: { page: [terminal] }\nservices:\n  - name: orders\n"
                              "    write:\n"
                              "      - { type: http, name: api, resource: \"https://api.example.com/c\", "
                              "json: { t: \"${canary.token}\" } }\n"
                              "      - { type: http, name: old, resource: \"https://old.example.com/c\", "
                              "json: { t: \"${canary.token}\" } }\n" +
                              more + "channels: [ { name: terminal, type: console } ]\n",
                          "test.yaml", config::Environment{});
  INFO(made->loaded.faults.text());
  REQUIRE(made->ok());
  return made;
}

void remember(const std::string& path, const std::string& probe, model::WallTime began, int looks,
              int failed) {
  monitor::LookCounts counts;
  for (int i = 0; i < looks; ++i) counts.count(began, i < failed);
  store::Batch batch;
  batch.documents = {{monitor::kLookCounts, "orders/" + probe, monitor::to_json(counts)}};
  REQUIRE(store::open_sqlite(path).value()->commit(batch));
}

std::string line_of(const std::string& text, const std::string& key) {
  const std::size_t at = text.find(key);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("false pages: assumed until a week was measured, then measured, and it says so") {
  const tests::TempDir dir;
  const std::string path = dir.file("s.db");
  const auto config = configured(path);
  const auto line = [&] {
    return line_of(app::promises_text(*config, app::measured_looks(*config, kNow)), "false pages");
  };
  const std::string assumed = line();
  CHECK_THAT(assumed, Catch::Contains("assuming 1 % random failures"));
  CHECK_THAT(assumed, Catch::EndsWith("measured here: not yet"));
  CHECK_FALSE(std::filesystem::exists(path));  // check makes nothing

  remember(path, "api", kNow - 6 * 24h, 5000, 50);
  CHECK(line() == assumed);
  remember(path, "api", kNow - 8 * 24h, 5000, 50);
  remember(path, "old", kNow - 8 * 24h, 5000, 10);
  CHECK_THAT(line(), Catch::Contains("measured here: 60 of 10 000 single looks failed, 0.6 %: "));
  CHECK_THAT(line(), !Catch::Contains("assuming"));
  remember(path, "api", kNow - 8 * 24h, 5000, 4000);
  CHECK_THAT(line(), Catch::Contains("4 010 of 10 000 single looks failed, 40 %: 1 per "));
  remember(path, "api", kNow - 8 * 24h, 5000, 0);
  remember(path, "old", kNow - 8 * 24h, 5000, 0);
  CHECK_THAT(line(),
             Catch::Contains("none of 10 000 single looks failed, so at most 0.03 %: less than 1 per"));
}

TEST_CASE("a store that cannot be read is one that has not measured") {
  const tests::TempDir dir;
  std::ofstream(dir.file("s.db"))
      << "this is no database, and longer than a header of one would have to be ....";
  const auto config = configured(dir.file("s.db"));
  CHECK(app::measured_looks(*config, kNow).empty());
}

TEST_CASE("silence has a line of its own") {
  const tests::TempDir dir;
  const std::string source =
      "    traffic: { type: sql, dsn: \"host=db user=ro\", query: \"select count(*) from o where at > "
      "${since}\"";
  const auto text = [&](const std::string& more) {
    const auto config = configured(dir.file("s.db"), source + more + " }\n");
    return app::promises_text(*config);
  };
  CHECK_THAT(text(""),
             Catch::Contains("silence → notice when nothing was committed for so long that luck makes it "
                             "once in a year (and below 1 in 1 000), page once no write was verified"));
  CHECK_THAT(text(""), Catch::Contains("others           disputed ≤ 16 min; writing broken"));
  const std::string pages = text(", on_silence: page, window: 10m");
  CHECK_THAT(pages, Catch::Contains("silence → page   when nothing"));
  CHECK_THAT(pages, Catch::Contains("once in 10 years (and below 1 in 10 000); sql, every 1m over 10m"));
}

TEST_CASE("two heartbeats of one name are a fault, at the place of the second") {
  const auto made = app::configure_text(
      "defaults: { page: [terminal] }\nservices:\n"
      "  - { name: one, check: { type: heartbeat, name: nightly, every: 1d } }\n"
      "  - { name: two, check: { type: heartbeat, name: nightly, every: 1d } }\n"
      "channels: [ { name: terminal, type: console } ]\n",
      "test.yaml", config::Environment{});
  REQUIRE_FALSE(made->ok());
  CHECK_THAT(made->loaded.faults.text(),
             Catch::Contains("test.yaml:4:") && Catch::Contains("another heartbeat is named \"nightly\""));
}

TEST_CASE("a service of checks alone: what is promised of a job counts its interval and grace") {
  const auto made = app::configure_text(
      "defaults: { page: [terminal] }\nservices:\n  - name: backup\n"
      "    check: { type: heartbeat, name: nightly, every: 1h, grace: 6m }\n"
      "channels: [ { name: terminal, type: console } ]\n",
      "test.yaml", config::Environment{});
  INFO(made->loaded.faults.text());
  REQUIRE(made->ok());
  CHECK_THAT(line_of(app::promises_text(*made, {}), "outage → page"),
             Catch::EndsWith("≤ 1 h 8 min   (by its checks; truth is not measured)"));
}

TEST_CASE("the load of the loop is estimated, and too much of it is said") {
  const auto load = [](int services, const char* scheme, const char* interval) {
    std::string text = "defaults: { page: [terminal], interval: " + std::string(interval) +
                       ", timeout: 900ms }\nchannels: [ { name: terminal, type: console } ]\nservices:\n";
    for (int i = 0; i < services; ++i) {
      text += "  - { name: s" + std::to_string(i) + ", write: { type: http, resource: \"" + scheme +
              "://api.example.com/c\", json: { t: \"${canary.token}\" } } }\n";
    }
    const auto made = app::configure_text(text, "test.yaml", config::Environment{});
    INFO(made->loaded.faults.text());
    REQUIRE(made->ok());
    const std::string all = app::promises_text(*made, {});
    return line_of(all, "\nload ").empty() ? all.substr(all.rfind("load "))
                                           : all.substr(all.rfind("\nload ") + 1);
  };
  CHECK_THAT(load(100, "http", "1s"), Catch::Contains("100 looks a second, about 4 % of one core"));
  CHECK_THAT(load(100, "http", "1s"), !Catch::Contains("MORE"));
  CHECK_THAT(
      load(500, "https", "1s"),
      Catch::Contains("500 looks a second, about 60 % of one core: MORE THAN HALF. Looks will start late"));
}
