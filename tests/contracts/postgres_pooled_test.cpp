// Through a real PgBouncer: the cycle in every pooling mode, nothing left on its sessions, and the class of
// its own errors.
#include <catch2/catch.hpp>

#include "tests/support/backend_rig.h"
#include "tests/support/pgbouncer_server.h"
#include "tests/support/postgres_server.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;

namespace {

tests::PostgresServer& server() {
  static tests::PostgresServer instance;
  static const bool started = [] {
    instance.start();
    return true;
  }();
  (void)started;
  return instance;
}

struct Rig : tests::BackendRig {
  std::string schema = "t" + model::random_hex(4);
  Rig() { ledger.stream.name = "t1-orders"; }
  std::string managed(const std::string& dsn) const {
    return "dsn: \"" + dsn + "\"\nschema: " + schema + "\n";
  }
  std::string statements(const std::string& dsn) const {
    return "dsn: \"" + dsn + "\"\nplant: insert into " + schema +
           "_notes (id, note) values (${canary.id}, ${canary.token})\nread: select note from " + schema +
           "_notes where id = ${canary.id}\nremove: delete from " + schema +
           "_notes where id = ${canary.id}\n";
  }
};

}  // namespace

TEST_CASE("postgres pooled: a verified cycle in every pooling mode, on one server session") {
  for (const char* mode : {"session", "transaction", "statement"}) {
    INFO(mode);
    const tests::PgBouncerServer pooler(server().port(), mode, "default_pool_size = 2");
    Rig rig;
    rig.boot("postgres", rig.managed(pooler.dsn()));
    rig.verify_cycles();
    Rig own;
    server().sql("create table " + own.schema + "_notes (id text primary key, note text)");
    own.boot("postgres", own.statements(pooler.dsn()));
    own.verify_cycles();
    // What stays in the pool for others: no transaction, no time-out of ours.
    CHECK(server().sql("select count(*) from pg_stat_activity where state like 'idle in transaction%'") ==
          "0");
  }
}

TEST_CASE("postgres pooled: a statement that touches too much is rolled back in statement pooling as well") {
  const tests::PgBouncerServer pooler(server().port(), "statement");
  Rig rig;
  server().sql("create table " + rig.schema + "_notes (id text primary key, note text); insert into " +
               rig.schema + "_notes values ('theirs', 'x')");
  std::string yaml = rig.statements(pooler.dsn());
  yaml += " or note = 'x'\n";
  yaml.replace(yaml.find("}\n or"), 5, "} or");
  const auto backend = rig.backend("postgres", yaml);
  const auto canary = rig.canary(1);
  CHECK_FALSE(tests::run_task(rig.io, backend->plant(canary, rig.soon())).failure);
  const auto removal = tests::run_task(rig.io, backend->remove(canary, rig.soon()));
  backend->finish();
  REQUIRE(removal.failure);
  CHECK(removal.failure->detail.find("touches 2 rows and was rolled back") != std::string::npos);
  CHECK(server().sql("select count(*) from " + rig.schema + "_notes") == "2");
}

TEST_CASE("postgres pooled: no such database, a server it cannot log in to, one it cannot reach") {
  const tests::PgBouncerServer pooler(server().port(), "transaction");
  Rig rig;
  rig.boot("postgres", rig.managed(pooler.dsn("nowhere")));
  CHECK(rig.cycle().write == Write::server);
  INFO(rig.last.detail);
  CHECK(rig.last.detail.find("no such database") != std::string::npos);
  CHECK_FALSE(std::get<model::WriteLook>(rig.last.look).container_gone);

  rig.boot("postgres", rig.managed(pooler.dsn("missing")));
  CHECK(rig.cycle().write == Write::server);
  INFO(rig.last.detail);
  CHECK(rig.last.detail.find("missing") != std::string::npos);
  CHECK(std::get<model::WriteLook>(rig.last.look).container_gone);

  rig.boot("postgres", rig.managed(pooler.dsn("postgres", "stranger")));  // the server has no such role
  CHECK(rig.cycle().write == Write::auth);
  INFO(rig.last.detail);
  CHECK(rig.last.detail.find("stranger") != std::string::npos);

  const std::uint16_t nobody = tests::free_port();
  rig.timeout = 700ms;
  const tests::PgBouncerServer patient(nobody, "transaction");  // it waits longer than we do
  rig.boot("postgres", rig.managed(patient.dsn()));
  CHECK(rig.cycle().write == Write::net);
  rig.timeout = 5s;
  const tests::PgBouncerServer frank(nobody, "transaction", "query_wait_timeout = 1");
  rig.boot("postgres", rig.managed(frank.dsn()));
  CHECK(rig.cycle().write == Write::server);
  INFO(rig.last.detail);
  CHECK(rig.last.detail.find("query_wait_timeout") != std::string::npos);
}

TEST_CASE("postgres pooled: a startup parameter it refuses is told with what mends it") {
  Rig rig;
  const std::string options = " options='-c geqo=off'";
  const tests::PgBouncerServer strict(server().port(), "transaction");
  rig.boot("postgres", rig.managed(strict.dsn() + options));
  CHECK(rig.cycle().write == Write::contract);
  INFO(rig.last.detail);
  CHECK(rig.last.detail.find("ignore_startup_parameters") != std::string::npos);
  const tests::PgBouncerServer lenient(server().port(), "transaction", "ignore_startup_parameters = options");
  rig.boot("postgres", rig.managed(lenient.dsn() + options));
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("postgres pooled: a server that dies behind it, and comes back") {
  tests::PostgresServer dying;
  dying.start();
  const tests::PgBouncerServer pooler(dying.port(), "transaction");
  Rig rig;
  rig.boot("postgres", rig.managed(pooler.dsn()));
  rig.cycle();
  dying.kill();
  auto look = rig.cycle();
  for (int i = 0; i < 50 && look.write == Write::ok; ++i)
    look = rig.cycle();  // its backends outlive it a moment
  INFO(rig.last.detail);
  CHECK((look.write == Write::server || look.write == Write::net));
  CHECK(look.sentinel == model::Sentinel::unknown);
  dying.start();
  for (int i = 0; i < 40 && rig.cycle().write != Write::ok; ++i) rig.run_for(100ms);  // server_login_retry
  CHECK(std::get<model::WriteLook>(rig.last.look).write == Write::ok);
  CHECK(std::get<model::WriteLook>(rig.last.look).sentinel == model::Sentinel::present);
}
