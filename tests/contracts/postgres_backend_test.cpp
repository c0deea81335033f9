// The postgres backend against a real PostgreSQL: the cycle, the classes of its faults, row-level
// security, and what a container gone looks like.
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "probes/postgres/postgres_backend.h"
#include "probes/write_probe.h"
#include "tests/support/backend_rig.h"
#include "tests/support/postgres_server.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_backend.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;

namespace {

const model::Secret kKey{"test-key"};

// One server for the file; each test has a database table of its own.
tests::PostgresServer& server() {
  static tests::PostgresServer instance;
  static const bool started = [] {
    instance.start();
    return true;
  }();
  (void)started;
  return instance;
}

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  tests::MemoryLedger ledger;
  std::unique_ptr<probes::WriteProbe> probe;
  model::Observation last;
  std::string schema;

  explicit Rig(const std::string& user = "postgres", std::optional<std::string> dsn = {}) {
    static int number = 0;
    schema = "t" + std::to_string(++number);
    ledger.stream.name = "a1b2c3d4-orders-" + schema;
    boot(user, dsn);
  }
  void boot(const std::string& user = "postgres", std::optional<std::string> dsn = {}) {
    probe = std::make_unique<probes::WriteProbe>(
        probes::WriteProbeOptions{"orders", "postgres", 3s, 100ms, 2s},
        probes::WriteProbeDeps{clock, ledger, kKey, backend(dsn.value_or(server().dsn(user))), nullptr},
        ledger.stream, ledger.all());
  }
  std::unique_ptr<probes::postgres::PostgresBackend> backend(const std::string& dsn) {
    probes::postgres::PostgresOptions options;
    options.target.dsn.value = model::Secret(dsn);
    options.schema = schema;
    return std::make_unique<probes::postgres::PostgresBackend>(
        std::make_shared<const probes::postgres::PostgresOptions>(options),
        probes::BackendDeps{clock, client, io.get_executor(), environment, "a1b2c3d4", kKey});
  }
  net::awaitable<int> cycle_task() {
    auto publish = [this](model::Observation o) { last = std::move(o); };
    co_await probe->run(publish);
    co_return 0;
  }
  model::WriteLook cycle() {
    tests::run_task(io, cycle_task());
    return std::get<model::WriteLook>(last.look);
  }
  std::string count() const { return server().sql("select count(*) from " + schema + ".canaries"); }
};

}  // namespace

TEST_CASE("postgres: the managed table is made once, a cycle verified, one record left") {
  Rig rig;
  for (int i = 0; i < 3; ++i) {
    const auto look = rig.cycle();
    INFO(rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
  }
  CHECK(std::get<model::WriteLook>(rig.last.look).sentinel == model::Sentinel::present);
  CHECK(rig.count() == "1");
  CHECK_FALSE(rig.ledger.stream.container_identity.empty());
  CHECK(tests::run_task(rig.io, rig.probe->drop_all()) == 0);
  CHECK(rig.count() == "0");
}

TEST_CASE("postgres: a dropped table is the container gone and not made again") {
  Rig rig;
  rig.cycle();
  server().sql("drop table " + rig.schema + ".canaries");
  const auto look = rig.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.container_gone);
  CHECK(look.sentinel == model::Sentinel::missing);
  CHECK(rig.last.detail.find("42P01") != std::string::npos);
  rig.boot();
  rig.cycle();
  CHECK(server().sql("select count(*) from pg_tables where schemaname = '" + rig.schema + "'") == "0");
  REQUIRE(tests::run_task(rig.io, rig.probe->accept_generation()));
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("postgres: a table emptied is a kept record gone") {
  Rig rig;
  rig.cycle();
  server().sql("truncate " + rig.schema + ".canaries");
  const auto look = rig.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.sentinel == model::Sentinel::missing);
}

TEST_CASE("postgres: read-only is its own class, and reading works") {
  Rig rig;
  rig.cycle();
  server().sql("alter system set default_transaction_read_only = on");
  server().sql("select pg_reload_conf()");
  model::WriteLook look;
  for (int i = 0; i < 50 && look.write != Write::read_only; ++i) look = rig.cycle();
  CHECK(look.write == Write::read_only);
  CHECK(look.read_back == model::ReadBack::ok);
  server().sql("alter system reset default_transaction_read_only");
  server().sql("select pg_reload_conf()");
}

TEST_CASE("postgres: revoked rights are auth; rights that are missing from the start are spelled out") {
  server().sql("create role writer login");
  Rig rig("writer");
  CHECK(rig.cycle().write == Write::auth);
  CHECK(rig.last.step == "prepare");
  CHECK(rig.last.detail.find("create it yourself: create schema if not exists \"" + rig.schema + "\"") !=
        std::string::npos);

  server().sql("create schema " + rig.schema + " authorization writer");
  rig.boot("writer");
  CHECK(rig.cycle().write == Write::ok);
  server().sql("alter table " + rig.schema + ".canaries owner to postgres; revoke all on " + rig.schema +
               ".canaries from writer");
  CHECK(rig.cycle().write == Write::auth);
}

TEST_CASE("postgres: exactly the printed grants are enough, and nothing else can be touched") {
  server().sql("create role least login; create table private (id int)");
  Rig rig("least");
  for (std::string statement : rig.backend(server().dsn("least"))->describe({"s", 1, "dc1.x", "i"}).grants) {
    if (const std::size_t at = statement.rfind("to deadcalm"); at != std::string::npos)
      statement.replace(at, 11, "to least");
    server().sql(statement);
  }
  for (int i = 0; i < 3; ++i) {
    const auto look = rig.cycle();
    INFO(rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
  }
  CHECK(rig.count() == "1");
  const auto as_least = [&](const std::string& sql) { server().sql("set role least; " + sql); };
  CHECK_THROWS(as_least("truncate " + rig.schema + ".canaries"));
  CHECK_THROWS(as_least("drop table " + rig.schema + ".canaries"));
  CHECK_THROWS(as_least("create table " + rig.schema + ".more (id int)"));
  CHECK_THROWS(as_least("select * from private"));
}

TEST_CASE("postgres: another token is not removed, and what was removed already is told so") {
  Rig rig;
  rig.cycle();
  const auto backend = rig.backend(server().dsn());
  const model::SteadyTime soon = rig.clock.now().steady + 3s;
  const model::Record kept = rig.ledger.records.begin()->second;
  probes::Canary canary{kept.stream, kept.seq, "dc1.another", kept.id};
  CHECK(tests::run_task(rig.io, backend->remove(canary, soon)).removed == probes::Removed::was_absent);
  CHECK(rig.count() == "1");
  canary.token = kept.token;
  CHECK(tests::run_task(rig.io, backend->remove(canary, soon)).removed == probes::Removed::yes);
  CHECK(tests::run_task(rig.io, backend->remove(canary, soon)).removed == probes::Removed::was_absent);
  backend->finish();
}

TEST_CASE("postgres: row-level security hides rows, and that is not loss") {
  server().sql("create role hidden login");
  Rig rig("hidden");
  server().sql("create schema " + rig.schema + " authorization hidden");
  rig.cycle();
  rig.cycle();
  server().sql("alter table " + rig.schema + ".canaries owner to postgres; grant all on " + rig.schema +
               ".canaries to hidden; alter table " + rig.schema +
               ".canaries enable row level security; create policy w on " + rig.schema +
               ".canaries for insert to hidden with check (true); create policy u on " + rig.schema +
               ".canaries for update to hidden using (true)");
  const auto look = rig.cycle();
  INFO(rig.last.step << ' ' << rig.last.detail);
  CHECK(look.sentinel != model::Sentinel::missing);
  CHECK(look.read_back != model::ReadBack::lost);
  CHECK(look.write == Write::auth);
}

TEST_CASE("postgres: the connection policy, on numbers and on names") {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    tests::BackendRig rig;
    rig.boot("postgres", "dsn: \"host=" + std::string(host) + " port=" + std::to_string(server().port()) +
                             " user=postgres dbname=postgres\"\nallow_private: false");
    CHECK(rig.cycle().write == Write::contract);
    CHECK_THAT(rig.last.detail, Catch::EndsWith("is a private address, and allow_private is false"));
    CHECK(rig.ledger.records.empty());
  }
}

TEST_CASE("postgres: nobody there, wrong password, unknown database, a name that does not resolve") {
  struct Row {
    std::string dsn;
    Write write;
  };
  const Row rows[] = {
      {"host=127.0.0.1 port=1 user=x dbname=x connect_timeout=2", Write::net},
      {server().dsn("nobody"), Write::auth},
      {"host=127.0.0.1 port=" + std::to_string(server().port()) + " user=postgres dbname=nowhere",
       Write::server},
      {"host=does-not-exist.invalid user=x dbname=x", Write::net},
      {"this is no dsn", Write::contract},
  };
  for (const Row& row : rows) {
    Rig rig("postgres", row.dsn);
    const auto look = rig.cycle();
    INFO(row.dsn << ": " << rig.last.detail);
    CHECK(look.write == row.write);
  }
}

TEST_CASE("postgres: a server that is killed is net, its fate unknown, and cleaned up later") {
  Rig rig;
  rig.cycle();
  server().kill();
  const auto look = rig.cycle();
  CHECK(look.write == Write::net);
  CHECK(look.read_back == model::ReadBack::fail);
  CHECK(look.sentinel == model::Sentinel::unknown);
  server().start();
  CHECK(rig.cycle().sentinel == model::Sentinel::present);
  CHECK(rig.count() == "1");
}

TEST_CASE(
    "postgres: a server that takes the connection and never speaks is net, with a kept record waiting") {
  net::io_context other;
  net::ip::tcp::acceptor silent(other, {net::ip::address_v4::loopback(), 0});
  Rig rig;
  rig.cycle();
  rig.boot("postgres",
           "host=127.0.0.1 user=x dbname=x port=" + std::to_string(silent.local_endpoint().port()));
  const auto look = rig.cycle();  // half-way through, the kept record is read beside the plant
  CHECK(look.write == Write::net);
  CHECK(look.read_back == model::ReadBack::fail);
  CHECK(rig.last.detail.find("no session in time") != std::string::npos);
}

TEST_CASE("postgres: sessions name themselves, and none stays open between cycles") {
  Rig rig;
  rig.cycle();
  CHECK(server().sql("select count(*) from pg_stat_activity where application_name like 'deadcalm/%'") ==
        "0");
  const auto d = rig.backend(server().dsn())->describe({"s", 3, "dc1.x", "id"});
  CHECK(d.requests.size() == 5);
  CHECK(d.grants.size() == 4);
  CHECK(d.proves.find("127.0.0.1") != std::string::npos);
}
