// The graphql backend against a real GraphQL server (graphql-yoga) on a real PostgreSQL: the cycle, ids of
// the server's own, and what its troubles are called.
#include <signal.h>

#include <catch2/catch.hpp>

#include "probes/registry.h"
#include "probes/write_probe.h"
#include "runtime/log.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/node_server.h"
#include "tests/support/postgres_server.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_backend.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;

namespace {

const model::Secret kKey{"test-key"};
constexpr const char* kTable = "create table if not exists notes (id text primary key, text text not null)";

// One of each for the file.
tests::PostgresServer& database() {
  static tests::PostgresServer server;
  static const bool started = [] {
    server.start();
    return true;
  }();
  (void)started;
  return server;
}
tests::NodeServer& api() {
  static tests::NodeServer server("graphql",
                                  {{"PG_PORT", std::to_string(database().port())}, {"API_KEY", "s3cret-0"}});
  static const bool started = [] {
    server.start();
    return true;
  }();
  (void)started;
  return server;
}

constexpr const char* kOwnIds = R"(
url: BASE/graphql
plant:
  query: "mutation ($id: ID!, $text: String!) { putNote(id: $id, text: $text) { id } }"
  variables: { id: "${canary.id}", text: "${canary.token}" }
read:
  query: "query ($id: ID!) { note(id: $id) { text } }"
  variables: { id: "${canary.id}" }
  token: $.data.note.text
remove:
  query: "mutation ($id: ID!) { deleteNote(id: $id) { id } }"
  variables: { id: "${canary.id}" }
auth: { api_key: "${KEY}" }
)";
constexpr const char* kAssignedIds = R"(
url: BASE/graphql
plant:
  query: "mutation Add($text: String!) { addNote(text: $text) { id } }"
  operation: Add
  variables: { text: "${canary.token}" }
  capture: { id: $.data.addNote.id }
read: { query: "query ($id: ID!) { note(id: $id) { text } }", variables: { id: "${canary.id}" } }
remove: { query: "mutation ($id: ID!) { deleteNote(id: $id) { text } }", variables: { id: "${canary.id}" } }
find:
  query: "{ notes(prefix: \"dc1.\") { id text } }"
  records: $.data.notes
  token: $.text
auth: { api_key: "${KEY}" }
)";

std::string with(std::string text, const std::string& instead, const std::string& by) {
  for (std::size_t at = text.find(instead); at != std::string::npos; at = text.find(instead, at + by.size()))
    text.replace(at, instead.size(), by);
  return text;
}

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  tests::MemoryLedger ledger;
  std::unique_ptr<probes::WriteProbe> probe;
  model::Observation last;
  std::string yaml;

  explicit Rig(const std::string& text, const std::string& key = "s3cret-0",
               decltype(config::Environment::read_file) files = nullptr) {
    environment.read_file = std::move(files);
    static int number = 0;
    ledger.stream.name = "a1b2c3d4-notes-" + std::to_string(++number);
    environment.variables["KEY"] = key;
    yaml = with(text, "BASE", api().url());
    database().sql(kTable);
    database().sql("truncate notes");
    boot();
  }
  void boot() {
    probes::WritePath path;
    const std::string faults = tests::decode_yaml(
        yaml, environment, [&](config::Reader& r) { path = probes::decode_write("graphql", r); });
    INFO(faults);
    REQUIRE(faults.empty());
    const probes::BackendDeps deps{clock, client, io.get_executor(), environment, "a1b2c3d4", kKey};
    probe = std::make_unique<probes::WriteProbe>(
        probes::WriteProbeOptions{"notes", "graphql", 3s, 100ms, 2s},
        probes::WriteProbeDeps{clock, ledger, kKey, path.backend(deps), nullptr}, ledger.stream,
        ledger.all());
  }
  net::awaitable<int> cycle_task() {
    auto publish = [this](model::Observation o) { last = std::move(o); };
    co_await probe->run(publish);
    co_return 0;
  }
  model::WriteLook cycle() {
    tests::run_task(io, cycle_task());
    UNSCOPED_INFO(last.step << ": " << last.detail);
    return std::get<model::WriteLook>(last.look);
  }
  static std::string count() { return database().sql("select count(*) from notes"); }
};

}  // namespace

TEST_CASE("graphql: a verified cycle, and one record left") {
  Rig rig(kOwnIds);
  for (int i = 0; i < 3; ++i) {
    const auto look = rig.cycle();
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
    CHECK(Rig::count() == "1");
  }
  CHECK(std::get<model::WriteLook>(rig.last.look).sentinel == model::Sentinel::present);
  CHECK(tests::run_task(rig.io, rig.probe->drop_all()) == 0);
  CHECK(Rig::count() == "0");
}

TEST_CASE("graphql: the server assigns the ids, and find names what a crash left") {
  Rig rig(kAssignedIds);
  CHECK(rig.cycle().write == Write::ok);
  CHECK(rig.cycle().sentinel == model::Sentinel::present);
  CHECK(Rig::count() == "1");
  const auto lost = probes::make_canary(rig.ledger.stream.name, 90, rig.clock.now().wall, kKey);
  database().sql("insert into notes values ('left-behind', '" + lost.token + "')");
  rig.ledger.records[90] = {rig.ledger.stream.name, 90, model::RecordState::reserved, lost.token, "",
                            rig.clock.now().wall,   {}};
  rig.boot();
  CHECK(tests::run_task(rig.io, rig.probe->clean_up()) == 0);
  CHECK(Rig::count() == "1");
}

TEST_CASE("graphql: errors on HTTP 200 have their classes") {
  struct Row {
    const char* what;
    std::string yaml;
    Write write;
    const char* detail;  // part of it
  };
  const std::string put = "putNote(id: $id, text: $text) { id }";
  const Row rows[] = {
      {"a field that is not in the schema", with(kOwnIds, put, "putNot(id: $id, text: $text) { id }"),
       Write::contract, "Cannot query field"},
      {"not GraphQL at all", with(kOwnIds, put, "putNote(((("), Write::contract, "Syntax Error"},
      {"a variable of another type",
       with(kOwnIds, "text: \"${canary.token}\"", "text: { t: \"${canary.token}\" }"), Write::contract,
       "got invalid value"},
      {"another path", with(kOwnIds, "BASE/graphql", "BASE/graph"), Write::contract, "HTTP 404"},
      {"acknowledges and does not keep", with(kOwnIds, "putNote(", "forget("), Write::auth,
       "acknowledged, but this session cannot see the record"},
  };
  for (const Row& row : rows) {
    Rig rig(row.yaml);
    const auto look = rig.cycle();
    INFO(row.what << ": " << rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == row.write);
    CHECK(rig.last.detail.find(row.detail) != std::string::npos);
    CHECK(Rig::count() == "0");
  }
}

TEST_CASE("graphql: once it has worked, an acknowledged record that is not kept is lost") {
  Rig rig(kOwnIds);
  rig.cycle();
  rig.yaml = with(kOwnIds, "putNote(", "forget(");
  rig.yaml = with(rig.yaml, "BASE", api().url());
  rig.boot();
  CHECK(rig.cycle().read_back == model::ReadBack::lost);
}

TEST_CASE("graphql: a wrong key is auth on HTTP 200, and reading fails too") {
  Rig rig(kOwnIds, "wr0ng-key");
  const auto look = rig.cycle();
  CHECK(look.write == Write::auth);
  CHECK(rig.last.detail == "GraphQL error UNAUTHENTICATED: Who are you?");
  CHECK(rig.ledger.records.empty());
}

TEST_CASE("graphql: a key that was rotated is read again in the same cycle") {
  std::string key = "old-k3y";
  const std::string yaml = with(kOwnIds, "api_key: \"${KEY}\"", "api_key_file: /run/secrets/key");
  Rig rig(yaml, "not used", [&](const std::string&) -> model::Result<std::string> { return key; });
  key = "s3cret-0";
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("graphql: a table that is gone, one emptied, and one that takes no writes") {
  Rig rig(kOwnIds);
  rig.cycle();
  SECTION("dropped: the container is gone") {
    database().sql("drop table notes");
    const auto look = rig.cycle();
    CHECK(look.write == Write::server);
    CHECK(look.container_gone);
    CHECK(look.sentinel == model::Sentinel::missing);
  }
  SECTION("emptied: the kept record is missing") {
    database().sql("truncate notes");
    const auto look = rig.cycle();
    CHECK(look.write == Write::ok);
    CHECK(look.sentinel == model::Sentinel::missing);
  }
  SECTION("altered behind our back: reset") {
    database().sql("update notes set text = 'something else'");
    CHECK(rig.cycle().sentinel == model::Sentinel::reset);
  }
  SECTION("read-only: writing is refused, reading works") {
    database().sql(
        "create or replace function no() returns trigger language plpgsql as $$ begin raise "
        "sqlstate '25006' using message = 'cannot execute INSERT in a read-only transaction'; end "
        "$$; create trigger no before insert on notes execute function no()");
    const auto look = rig.cycle();
    CHECK(look.write == Write::read_only);
    CHECK(look.read_back == model::ReadBack::ok);
    database().sql("drop table notes");
  }
}

TEST_CASE("graphql: a database that is killed is the server's trouble; a server that is killed is net") {
  Rig rig(kOwnIds);
  rig.cycle();
  database().kill();
  model::WriteLook without_database;  // sessions of a dead postmaster live on until they notice
  for (int i = 0; i < 100 && without_database.write != Write::server; ++i) without_database = rig.cycle();
  CHECK(without_database.write == Write::server);
  CHECK(without_database.sentinel == model::Sentinel::unknown);
  database().start();
  CHECK(rig.cycle().sentinel == model::Sentinel::present);

  api().kill();
  CHECK(rig.cycle().write == Write::net);
  api().start();
  CHECK(rig.cycle().write == Write::ok);
  CHECK(Rig::count() == "1");
}

TEST_CASE("graphql: a server that accepts and never answers is net, and what it did is cleaned up") {
  Rig rig(kOwnIds);
  rig.cycle();
  api().signal(SIGSTOP);
  const auto look = rig.cycle();
  CHECK(look.write == Write::net);
  CHECK(look.read_back == model::ReadBack::fail);
  api().signal(SIGCONT);
  CHECK(rig.cycle().write == Write::ok);
  CHECK(Rig::count() == "1");
}

TEST_CASE("graphql: a dry run shows the operations, and no secret") {
  Rig rig(kOwnIds);
  runtime::mask_in_logs({model::Secret("s3cret-0")});
  const auto canary = probes::make_canary("a1b2c3d4-notes", 7, rig.clock.now().wall, kKey);
  const auto description = rig.probe->backend().describe(canary);
  REQUIRE(description.requests.size() == 3);
  CHECK(description.requests[0].find("POST " + api().url() + "/graphql") != std::string::npos);
  CHECK(description.requests[0].find("\"variables\":{\"id\":\"dc-a1b2c3d4-notes-7\"") != std::string::npos);
  CHECK(description.requests[0].find("x-api-key: <redacted>") != std::string::npos);
}
