// Statements of the user's against a real PostgreSQL: its own table, ids of ours and of the database, what a
// remove may touch, row-level security, and the least that is granted.
#include <catch2/catch.hpp>

#include "probes/postgres/pg_connection.h"
#include "tests/support/backend_rig.h"
#include "tests/support/postgres_server.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;
using probes::Removed;

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
  std::string table = "notes_" + model::random_hex(4);
  std::string user = "postgres";

  Rig() {
    ledger.stream.name = "t1-orders";
    server().sql("create table " + table + " (id text primary key, note text, kind text default 'canary')");
    server().sql("insert into " + table + " values ('customer', 'theirs', 'order')");
  }
  std::string with(std::string text) const {
    for (std::size_t at = text.find("NOTES"); at != std::string::npos; at = text.find("NOTES"))
      text.replace(at, 5, table);
    return "dsn: \"" + server().dsn(user) + "\"\n" + text;
  }
  std::string yaml() const {
    return with(
        "plant: insert into NOTES (id, note) values (${canary.id}, ${canary.token})\n"
        "read: select note from NOTES where id = ${canary.id}\n"
        "remove: delete from NOTES where id = ${canary.id}\n");
  }
  std::string count() const {
    return server().sql("select count(*) from " + table + " where kind = 'canary'");
  }
  template <class Answer>
  Answer ask(net::awaitable<Answer> verb) {
    return tests::run_task(io, std::move(verb));
  }
};

}  // namespace

TEST_CASE(
    "postgres statements: a verified cycle in the user's own table, one record left, theirs untouched") {
  Rig rig;
  rig.boot("postgres", rig.yaml());
  rig.verify_cycles();
  CHECK(rig.count() == "1");
  CHECK(tests::run_task(rig.io, rig.probe->drop_all()) == 0);
  CHECK(rig.count() == "0");
  CHECK(server().sql("select note from " + rig.table) == "theirs");
}

TEST_CASE("postgres statements: uuid and integer keys, the same value in columns of two types") {
  Rig rig;
  server().sql("create table " + rig.table +
               "_u (id uuid primary key, n bigint, as_text text, note varchar(200))");
  rig.boot(
      "postgres",
      rig.with("plant: insert into NOTES_u (id, n, as_text, note) values (${canary.uuid}, ${canary.int}, "
               "${canary.uuid}, ${canary.token})\n"
               "read: select note from NOTES_u where id = ${canary.uuid} and n = ${canary.int}\n"
               "remove: delete from NOTES_u where id = ${canary.uuid}\n"));
  rig.verify_cycles();
  CHECK(server().sql("select count(*) from " + rig.table + "_u") == "1");
}

TEST_CASE("postgres statements: ids that the database assigns, and what a crash leaves behind") {
  Rig rig;
  server().sql("create table " + rig.table + "_s (id bigserial primary key, note text)");
  const std::string yaml = rig.with(
      "plant: insert into NOTES_s (note) values (${canary.token}) returning id\n"
      "read: select note from NOTES_s where id = ${canary.id}\n"
      "remove: delete from NOTES_s where id = ${canary.id}\n"
      "find: select id, note from NOTES_s where note like 'dc1.%'\n");
  rig.boot("postgres", yaml);
  rig.verify_cycles();
  CHECK(server().sql("select count(*) from " + rig.table + "_s") == "1");

  const auto lost = rig.canary(90);  // planted, and the answer never arrived
  server().sql("insert into " + rig.table + "_s (note) values ('" + lost.token + "')");
  rig.ledger.records[90] = {rig.ledger.stream.name, 90, model::RecordState::reserved, lost.token, "",
                            rig.clock.now().wall,   {}};
  rig.boot("postgres", yaml);
  CHECK(tests::run_task(rig.io, rig.probe->clean_up()) == 0);
  CHECK(server().sql("select count(*) from " + rig.table + "_s") == "1");
}

TEST_CASE("postgres statements: the very same record again is fine, another one in its place is not") {
  Rig rig;
  const auto backend = rig.backend("postgres", rig.yaml());
  const auto canary = rig.canary(1);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);
  auto other = rig.canary(2);
  other.record_id = canary.record_id;
  const auto refused = rig.ask(backend->plant(other, rig.soon()));
  REQUIRE(refused.failure);
  CHECK(refused.failure->failure == Write::contract);
  CHECK(refused.failure->detail.find("23505") != std::string::npos);
  backend->finish();
}

TEST_CASE("postgres statements: a remove that touches more than one row is rolled back and named") {
  Rig rig;
  const std::string yaml = rig.with(
      "plant: insert into NOTES (id, note) values (${canary.id}, ${canary.token})\n"
      "read: select note from NOTES where id = ${canary.id}\n"
      "remove: delete from NOTES where id = ${canary.id} or kind = 'order'  -- one too many\n");
  const auto backend = rig.backend("postgres", yaml);
  const auto canary = rig.canary(1);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);
  const auto removal = rig.ask(backend->remove(canary, rig.soon()));
  REQUIRE(removal.failure);
  CHECK(removal.failure->failure == Write::contract);
  CHECK(removal.failure->detail ==
        "the remove touches 2 rows and was rolled back: its WHERE must name one record");
  CHECK(server().sql("select count(*) from " + rig.table) == "2");
  backend->finish();
}

TEST_CASE("postgres statements: a record that holds no token of ours is never removed") {
  Rig rig;
  const auto backend = rig.backend("postgres", rig.yaml());
  const auto canary = rig.canary(1);
  for (const std::string& held : {std::string("a customer"), rig.canary(2).token}) {
    server().sql("insert into " + rig.table + " values ('" + canary.record_id + "', '" + held +
                 "') on conflict (id) do update set note = excluded.note");
    const auto removal = rig.ask(backend->remove(canary, rig.soon()));
    REQUIRE(removal.failure);
    CHECK(removal.failure->detail == "not removed: the record does not hold our token any more");
    CHECK(server().sql("select note from " + rig.table + " where id = '" + canary.record_id + "'") == held);
  }
  CHECK(rig.ask(backend->remove(rig.canary(5), rig.soon())).removed == Removed::was_absent);
  backend->finish();
}

TEST_CASE("postgres statements: a record marked as deleted counts as removed") {
  Rig rig;
  rig.boot("postgres",
           rig.with("plant: insert into NOTES (id, note) values (${canary.id}, ${canary.token})\n"
                    "read: select note from NOTES where id = ${canary.id} and kind = 'canary'\n"
                    "remove: update NOTES set kind = 'gone' where id = ${canary.id} returning id\n"));
  rig.verify_cycles();
  CHECK(rig.count() == "1");
}

TEST_CASE(
    "postgres statements: exactly the grants of the dry run are enough, and nothing else can be touched") {
  Rig rig;
  rig.user = "least_" + model::random_hex(4);
  server().sql("create role " + rig.user + " login");
  for (std::string grant : rig.backend("postgres", rig.yaml())->describe(rig.canary(1)).grants) {
    INFO(grant);
    grant.replace(grant.find("to deadcalm"), 11, "to " + rig.user);
    server().sql(grant);
  }
  rig.boot("postgres", rig.yaml());
  rig.verify_cycles();
  const auto as_user = [&](const std::string& sql) {
    return [=, &rig] { server().sql("set role " + rig.user + "; " + sql); };
  };
  server().sql("create table " + rig.table + "_other (id int)");
  CHECK_THROWS(as_user("update " + rig.table + " set note = 'x'")());
  CHECK_THROWS(as_user("insert into " + rig.table + " (id, kind) values ('x', 'order')")());
  CHECK_THROWS(as_user("truncate " + rig.table)());
  CHECK_THROWS(as_user("select * from " + rig.table + "_other")());
  CHECK_THROWS(as_user("create table " + rig.table + "_new (id int)")());
}

TEST_CASE("postgres statements: under row-level security no row removed is a failed clean-up") {
  Rig rig;
  rig.user = "rls_" + model::random_hex(4);
  server().sql("create role " + rig.user + " login; grant select, insert, delete on " + rig.table + " to " +
               rig.user + "; alter table " + rig.table + " enable row level security; create policy see on " +
               rig.table + " for select to " + rig.user + " using (kind = 'canary'); create policy add on " +
               rig.table + " for insert to " + rig.user + " with check (kind = 'canary')");
  const auto backend = rig.backend("postgres", rig.yaml());
  const auto canary = rig.canary(101);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);
  const auto removal = rig.ask(backend->remove(canary, rig.soon()));
  REQUIRE(removal.failure);
  CHECK(removal.failure->failure == Write::auth);
  CHECK(removal.failure->detail.find("no policy") != std::string::npos);

  // A row that nobody shows us is not said to be absent.
  CHECK(rig.ask(backend->remove(rig.canary(2), rig.soon())).removed == Removed::none_seen);
  backend->finish();
  server().sql("create policy take on " + rig.table + " for delete to " + rig.user +
               " using (kind = 'canary')");
  rig.boot("postgres", rig.yaml());
  rig.verify_cycles();
  // A statement that reaches for a customer's row still finds none.
  CHECK(server().sql("set role " + rig.user + "; delete from " + rig.table +
                     " where id = 'customer' returning 1") == "");
}

TEST_CASE(
    "postgres statements: hidden records stay on the ledger until the session proves that it sees ours") {
  Rig rig;
  rig.user = "hid_" + model::random_hex(4);
  server().sql("create role " + rig.user + " login; grant select, insert, delete on " + rig.table + " to " +
               rig.user + "; alter table " + rig.table +
               " enable row level security; create policy all_of on " + rig.table + " to " + rig.user +
               " using (true) with check (true)");
  rig.boot("postgres", rig.yaml());
  rig.cycle();
  rig.cycle();
  model::Record& kept = rig.ledger.records.begin()->second;
  kept.state = model::RecordState::retired;
  server().sql("alter policy all_of on " + rig.table + " using (false)");
  rig.boot("postgres", rig.yaml());
  CHECK(tests::run_task(rig.io, rig.probe->clean_up()) == 1);
  CHECK(rig.ledger.records.size() == 1);
  CHECK(rig.count() == "1");
  server().sql("alter policy all_of on " + rig.table + " using (true)");
  CHECK(tests::run_task(rig.io, rig.probe->clean_up()) == 0);
  CHECK(rig.count() == "0");
}

TEST_CASE("postgres statements: a statement that waits for a lock is given up by the server too") {
  Rig rig;
  rig.timeout = 1s;
  rig.boot("postgres", rig.yaml());
  rig.cycle();
  runtime::SystemClock clock;
  probes::postgres::PgConnection holder(clock, rig.io.get_executor());
  const auto lock = [&]() -> net::awaitable<int> {
    const auto failure = co_await holder.open(model::Secret(server().dsn()), "holder", rig.soon());
    REQUIRE_FALSE(failure);
    std::string sql = "begin; lock table " + rig.table + " in share mode";  // readers go on, writers wait
    co_await holder.run_simple(std::move(sql), rig.soon());
    co_return 0;
  };
  tests::run_task(rig.io, lock());
  const auto look = rig.cycle();
  INFO(rig.last.detail);
  CHECK(look.write != Write::ok);
  CHECK(look.read_back == model::ReadBack::ok);
  CHECK(rig.last.detail.find("57014") != std::string::npos);  // told in time: it is known not to be done
  CHECK(server().sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "0");
  holder.close();
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("postgres statements: a read that gives several rows, a plant that writes none") {
  Rig rig;
  const auto backend = rig.backend(
      "postgres",
      rig.with("plant: insert into NOTES (id, note) select ${canary.id}, ${canary.token} where false\n"
               "read: select note from NOTES where id = ${canary.id} or true\n"
               "remove: delete from NOTES where id = ${canary.id}\n"));
  server().sql("insert into " + rig.table + " values ('b', 'b')");
  const auto plant = rig.ask(backend->plant(rig.canary(1), rig.soon()));
  REQUIRE(plant.failure);
  CHECK(plant.failure->failure == Write::contract);
  const auto read = rig.ask(backend->read(rig.canary(1), rig.soon()));
  REQUIRE(read.failure);
  CHECK(read.failure->detail == "the read gives 2 rows; its WHERE must name one");
  backend->finish();
}

TEST_CASE("postgres statements: the dry run shows them as they are sent") {
  Rig rig;
  const auto d = rig.backend("postgres", rig.yaml())->describe({"s", 3, "dc1.x", "id-3"});
  REQUIRE(d.requests.size() == 4);
  CHECK(d.requests[0] ==
        "plant   insert into " + rig.table + " (id, note) values ($1, $2)   -- $1 = id-3, $2 = dc1.x");
  CHECK(d.requests[2].find("delete from " + rig.table + " where id = $1 returning 1") != std::string::npos);
  CHECK(d.grants ==
        std::vector<std::string>{"grant insert (id, note), select, delete on " + rig.table + " to deadcalm"});
}
