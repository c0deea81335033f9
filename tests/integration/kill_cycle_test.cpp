// kill -9 at every step of the write cycle: after a restart nothing of ours is left but the kept canary.
#include <catch2/catch.hpp>
#include <fstream>

#include "store/sqlite/sqlite_store.h"
#include "tests/support/living_api.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;

namespace {

int victim(const std::string& store, const std::string& type, const std::string& yaml, int kill_at,
           int cycles, const std::string& log) {
  return tests::run_command({DEADCALM_BINARY_DIR "/tests/integration/cycle_victim", store, type, yaml,
                             std::to_string(kill_at), std::to_string(cycles)},
                            log);
}

// Kills at step 1, 2, ... until a run of two cycles gets through, each time with a store of its own;
// after each, one restart with one cycle. Each store may leave one record in the backend: its kept one.
template <class Count>
int kill_everywhere(const std::string& type, const std::string& yaml_text, Count records_in_backend) {
  int kills = 0;
  for (int at = 1; at < 200; ++at) {
    const tests::TempDir dir;
    std::ofstream(dir.file("probe.yaml")) << yaml_text;
    const std::string log = dir.file("log");
    const std::size_t before = records_in_backend();
    const int status = victim(dir.file("s.db"), type, dir.file("probe.yaml"), at, 2, log);
    if (status == 0) break;
    REQUIRE(status == 128 + 9);
    ++kills;
    const int restarted = victim(dir.file("s.db"), type, dir.file("probe.yaml"), 0, 1, log);
    INFO("killed at step " << at << ", the restart said: " << std::ifstream(log).rdbuf());
    REQUIRE(restarted == 0);
    CHECK(records_in_backend() == before + 1);
    auto store = store::open_sqlite(dir.file("s.db")).value();
    int kept = 0;
    const auto records = store->records().value();
    for (const auto& record : records) kept += record.state == model::RecordState::kept ? 1 : 0;
    CHECK(kept == 1);
  }
  return kills;
}

}  // namespace

TEST_CASE("http: killed at every step, nothing is left but the kept canary") {
  tests::LivingApi api;
  const int kills =
      kill_everywhere("http", "resource: " + api.base() + "/canaries\njson: { note: \"${canary.token}\" }\n",
                      [&] { return api.ask([](tests::CanaryApi& a) { return a.notes.size(); }); });
  CHECK(kills > 20);
}

TEST_CASE("http with server-assigned ids: killed at every step, find names what nobody else could") {
  tests::LivingApi api;
  api.ask([](tests::CanaryApi& a) { return a.assigns_ids = true; });
  const std::string base = api.base();
  const int kills =
      kill_everywhere("http",
                      "plant: { url: " + base +
                          "/canaries, json: { note: \"${canary.token}\" }, expect: { status: 201 }, capture: "
                          "{ id: $.data.id } }\n" +
                          "read: { url: \"" + base + "/canaries/${canary.id}\" }\nremove: { url: \"" + base +
                          "/canaries/${canary.id}\" }\n" + "find: { url: " + base +
                          "/canaries, records: $.items, id: $.id, token: $.note }\n",
                      [&] { return api.ask([](tests::CanaryApi& a) { return a.notes.size(); }); });
  CHECK(kills > 20);
}

TEST_CASE("postgres: killed at every step, nothing is left but the kept canary") {
  tests::PostgresServer postgres;
  postgres.start();
  const int kills = kill_everywhere("postgres", "dsn: \"" + postgres.dsn() + "\"\n", [&]() -> std::size_t {
    if (postgres.sql("select to_regclass('deadcalm.canaries') is null") == "t") return 0;
    return std::stoul(postgres.sql("select count(*) from deadcalm.canaries"));
  });
  CHECK(kills > 20);
}

TEST_CASE(
    "postgres with ids that the database assigns: killed at every step, find names what nobody else could") {
  tests::PostgresServer postgres;
  postgres.start();
  postgres.sql("create table notes (id bigserial primary key, note text)");
  const int kills = kill_everywhere(
      "postgres",
      "dsn: \"" + postgres.dsn() +
          "\"\nplant: insert into notes (note) values (${canary.token}) returning id\n"
          "read: select note from notes where id = ${canary.id}\n"
          "remove: delete from notes where id = ${canary.id}\n"
          "find: select id, note from notes where note like 'dc1.%'\n",
      [&]() -> std::size_t { return std::stoul(postgres.sql("select count(*) from notes")); });
  CHECK(kills > 20);
}
