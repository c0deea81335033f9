// Known records against a real PostgreSQL: counted, altered, deleted, hidden, and the table dropped.
#include <catch2/catch.hpp>

#include "probes/known/sql_record.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/postgres_server.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using probes::KnownAnswer;
using probes::KnownState;

namespace {

struct Rig {
  tests::PostgresServer server;
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;

  Rig() {
    server.start();
    server.sql(
        "create table orders (id int); insert into orders select generate_series(1, 100);"
        "create table tenants (id int, name text); insert into tenants values (1, 'ACME');"
        "create role reader login; grant select on orders, tenants to reader; create role nobody login");
  }
  KnownAnswer ask(const std::string& query, const std::string& expect, const std::string& user = "reader",
                  model::Millis timeout = 3s) {
    auto options = std::make_shared<probes::known::SqlRecordOptions>();
    REQUIRE(tests::decode_yaml("dsn: \"" + server.dsn(user) + "\"\nquery: \"" + query + "\"\n" + expect,
                               environment,
                               [&](config::Reader& r) { *options = probes::known::decode_sql_record(r); })
                .find("error") == std::string::npos);
    probes::known::SqlRecord record(
        options, probes::BackendDeps{clock, client, io.get_executor(), environment, "a1b2c3d4",
                                     model::Secret("not used")});
    return tests::run_task(io, record.look(clock.now().steady + timeout));
  }
};

}  // namespace

TEST_CASE("sql: a record is good, altered, gone, hidden, and its table dropped") {
  Rig rig;
  const std::string count = "select count(*) from orders", at_least = "expect: { ge: 100 }";
  const std::string name = "select name from tenants where id = 1";
  CHECK(rig.ask(count, at_least).state == KnownState::good);
  CHECK(rig.ask(name, "expect: ACME").state == KnownState::good);

  rig.server.sql("delete from orders where id > 40; update tenants set name = 'x'");
  CHECK(rig.ask(count, at_least).state == KnownState::gone);
  CHECK_THAT(rig.ask(count, at_least).detail, Catch::StartsWith("select count(*) from orders is 40"));
  CHECK(rig.ask(name, "expect: ACME").state == KnownState::gone);
  rig.server.sql("delete from tenants");
  CHECK_THAT(rig.ask(name, "expect: ACME").detail, Catch::EndsWith("no row"));

  CHECK(rig.ask(count, at_least, "nobody").state == KnownState::unknown);  // may not read it
  CHECK(rig.ask("select pg_sleep(5)", "", "reader", 300ms).state == KnownState::unknown);
  CHECK(rig.ask("selct 1", "").state == KnownState::unknown);
  CHECK(rig.ask("delete from orders returning id", "", "postgres").state ==
        KnownState::unknown);  // reads only
  CHECK(rig.server.sql("select count(*) from orders").starts_with("40"));

  rig.server.sql("drop table orders");
  const KnownAnswer dropped = rig.ask(count, at_least);
  CHECK(dropped.state == KnownState::gone);
  CHECK(dropped.proved);
  rig.server.kill();
  CHECK(rig.ask(name, "expect: ACME").state == KnownState::unknown);
}

TEST_CASE("sql: a replica that lags proves no loss") {
  Rig rig;
  tests::PostgresServer replica(tests::PostgresServer::ReplicaOf{rig.server});
  replica.start();
  replica.sql("select pg_wal_replay_pause()");
  rig.server.sql("insert into orders select generate_series(101, 200)");
  auto options = std::make_shared<probes::known::SqlRecordOptions>();
  const std::string yaml =
      "dsn: \"" + replica.dsn("reader") + "\"\nquery: select count(*) from orders\nexpect: { ge: 150 }";
  (void)tests::decode_yaml(yaml, rig.environment,
                           [&](config::Reader& r) { *options = probes::known::decode_sql_record(r); });
  probes::known::SqlRecord record(
      options, probes::BackendDeps{rig.clock, rig.client, rig.io.get_executor(), rig.environment, "a1b2c3d4",
                                   model::Secret("not used")});
  const KnownAnswer answer = tests::run_task(rig.io, record.look(rig.clock.now().steady + 3s));
  CHECK(answer.state == KnownState::unknown);
  CHECK_THAT(answer.detail, Catch::StartsWith("select count(*) from orders is 100") &&
                                Catch::EndsWith("(on a replica, which can lag: it proves no loss)"));
}
