// The supabase backend against a stand-in for the API on a real PostgreSQL: grants and row-level security are
// the database's own, with exactly the statements that the dry run prints.
#include <catch2/catch.hpp>

#include "tests/support/backend_rig.h"
#include "tests/support/postgres_server.h"
#include "tests/support/supabase_stand_in.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;
using probes::Removed;

namespace {

constexpr const char* kEmail = "deadcalm@example.com";

tests::PostgresServer& database() {
  static tests::PostgresServer instance;
  static const bool started = [] {
    instance.start();
    instance.sql(tests::kSupabaseSql);
    return true;
  }();
  (void)started;
  return instance;
}

struct Rig : tests::BackendRig {
  std::string table = "canaries_" + model::random_hex(4);
  tests::SupabaseStandIn project{io.get_executor(), database().dsn()};

  explicit Rig(bool with_table = true) {
    ledger.stream.name = "t1-orders";
    environment.variables["PASSWORD"] = "s3cret-0";
    environment.variables["ANON"] = project.anon_key;
    project.add_user(kEmail, "s3cret-0", "00000000-0000-4000-8000-000000000001");
    project.add_user("customer@example.com", "other", "00000000-0000-4000-8000-000000000002");
    project.start();
    if (!with_table) return;
    for (const std::string& statement : backend("supabase", yaml())->describe(canary(1)).grants)
      database().sql(statement);
  }
  ~Rig() { tests::run_task(io, project.stop()); }

  std::string yaml(const std::string& more = "", const std::string& email = kEmail) const {
    return "url: " + project.url() + "\nanon_key: \"${ANON}\"\nemail: " + email +
           "\npassword: \"${PASSWORD}\"\ntable: " + table + "\n" + more;
  }
  std::string count() const { return database().sql("select count(*) from " + table); }
  template <class Answer>
  Answer ask(net::awaitable<Answer> verb) {
    return tests::run_task(io, std::move(verb));
  }
};

}  // namespace

TEST_CASE("supabase: exactly the printed table and policies, a verified cycle, one row left, one sign-in") {
  Rig rig;
  rig.boot("supabase", rig.yaml());
  rig.verify_cycles();
  CHECK(rig.count() == "1");
  CHECK(rig.project.sign_ins == 1);
  const auto backend = rig.backend("supabase", rig.yaml());
  const auto found = rig.ask(backend->find(rig.ledger.stream.name, rig.soon()));
  REQUIRE(found.records.size() == 1);
  CHECK(found.records[0].record_id == "dc-t1-orders-3");
  CHECK(rig.project.sign_ins == 2);  // each instance signs in by itself
  backend->finish();
  CHECK(tests::run_task(rig.io, rig.probe->drop_all()) == 0);
  CHECK(rig.count() == "0");
}

TEST_CASE("supabase: another user's rows can be neither seen nor touched, nor written by others") {
  Rig rig;
  const auto theirs = rig.canary(7);
  database().sql("insert into " + rig.table + " (canary_id, token, owner) values ('" + theirs.record_id +
                 "', '" + theirs.token + "', '00000000-0000-4000-8000-000000000002')");
  const auto backend = rig.backend("supabase", rig.yaml());
  CHECK(rig.ask(backend->read(theirs, rig.soon())).found == probes::Found::no);
  CHECK(rig.ask(backend->remove(theirs, rig.soon())).removed == Removed::none_seen);
  CHECK(rig.ask(backend->find("", rig.soon())).records.empty());
  const auto again = rig.ask(backend->plant(theirs, rig.soon()));  // its key is taken
  REQUIRE(again.failure);
  CHECK(again.failure->failure == Write::contract);
  backend->finish();
  CHECK(rig.count() == "1");

  rig.environment.variables["PASSWORD"] = "other";
  const auto stranger = rig.backend("supabase", rig.yaml("", "customer@example.com"));
  const auto refused = rig.ask(stranger->plant(rig.canary(8), rig.soon()));
  REQUIRE(refused.failure);
  CHECK(refused.failure->failure == Write::auth);
  CHECK(refused.failure->detail.find("42501") != std::string::npos);
  stranger->finish();

  // The role that every signed-in user has: no change of a row, and no row in another's name.
  const auto as_role = [&](const std::string& sql) { database().sql("set role authenticated; " + sql); };
  CHECK_THROWS(as_role("update " + rig.table + " set token = 'x'"));
  CHECK_THROWS(as_role("insert into " + rig.table +
                       " (canary_id, token, owner) values ('x', 'x', gen_random_uuid())"));
  CHECK_THROWS(as_role("truncate " + rig.table));
  CHECK_THROWS(database().sql("set role anon; select * from " + rig.table));
}

TEST_CASE("supabase: no row deleted is a failed clean-up, not a success") {
  Rig rig;
  const auto backend = rig.backend("supabase", rig.yaml());
  const auto canary = rig.canary(1);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);  // the very same again
  database().sql("drop policy deadcalm_delete on " + rig.table);
  const auto removal = rig.ask(backend->remove(canary, rig.soon()));
  REQUIRE(removal.failure);
  CHECK(removal.failure->failure == Write::auth);
  CHECK(removal.failure->detail.find("no policy for delete") != std::string::npos);
  database().sql("revoke delete on " + rig.table + " from authenticated");
  const auto revoked = rig.ask(backend->remove(canary, rig.soon()));
  REQUIRE(revoked.failure);
  CHECK(revoked.failure->failure == Write::auth);
  backend->finish();
  CHECK(rig.count() == "1");
}

TEST_CASE("supabase: a row that holds another token is never removed") {
  Rig rig;
  const auto backend = rig.backend("supabase", rig.yaml());
  const auto canary = rig.canary(1);
  CHECK_FALSE(rig.ask(backend->plant(canary, rig.soon())).failure);
  database().sql("update " + rig.table + " set token = 'a customer'");
  CHECK(rig.ask(backend->read(canary, rig.soon())).token == "a customer");
  REQUIRE(rig.ask(backend->remove(canary, rig.soon())).failure);
  backend->finish();
  CHECK(rig.count() == "1");
}

TEST_CASE("supabase: a hidden row is no loss, a row that is gone is") {
  Rig hidden;
  hidden.boot("supabase", hidden.yaml());
  hidden.verify_cycles();
  database().sql("drop policy deadcalm_select on " + hidden.table);
  auto look = hidden.cycle();
  INFO(hidden.last.detail);
  CHECK(look.write == Write::auth);
  CHECK(look.sentinel != model::Sentinel::missing);

  Rig emptied;
  emptied.boot("supabase", emptied.yaml());
  emptied.verify_cycles();
  database().sql("truncate " + emptied.table);
  look = emptied.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.sentinel == model::Sentinel::missing);
}

TEST_CASE("supabase: a table that is not there, from the start and later") {
  Rig rig(false);
  rig.boot("supabase", rig.yaml());
  CHECK(rig.cycle().write == Write::server);
  CHECK(rig.last.step == "prepare");
  CHECK(rig.last.detail.find("PGRST205") != std::string::npos);
  CHECK(rig.last.detail.find("--dry-run") != std::string::npos);

  Rig dropped;
  dropped.boot("supabase", dropped.yaml());
  dropped.verify_cycles();
  database().sql("drop table " + dropped.table);
  const auto look = dropped.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.container_gone);
  CHECK(look.sentinel == model::Sentinel::missing);
}

TEST_CASE(
    "supabase: a token that is not accepted is renewed in the same cycle, by refresh token or password") {
  Rig rig;
  rig.boot("supabase", rig.yaml());
  rig.verify_cycles();
  rig.project.expire_tokens();
  CHECK(rig.cycle().write == Write::ok);
  CHECK(rig.project.sign_ins == 2);  // refused: nothing of that session is trusted any more
  rig.project.end_sessions();
  CHECK(rig.cycle().write == Write::ok);
  CHECK(rig.project.sign_ins == 3);
}

TEST_CASE("supabase: a token near its end is renewed by the refresh token, each of which serves once") {
  Rig rig;
  rig.project.token_life = 1;  // renewed after 800 ms
  rig.boot("supabase", rig.yaml());
  rig.cycle();
  for (int i = 1; i <= 2; ++i) {
    rig.run_for(900ms);
    CHECK(rig.cycle().write == Write::ok);
    CHECK(rig.project.refreshes >= i);
  }
  CHECK(rig.project.sign_ins == 1);
}

TEST_CASE("supabase: a wrong password, a wrong key, and a password rotated in its file") {
  Rig rig;
  rig.environment.variables["PASSWORD"] = "wrong-one";
  rig.boot("supabase", rig.yaml());
  CHECK(rig.cycle().write == Write::auth);
  CHECK(rig.last.detail.find("invalid_credentials: Invalid login credentials") != std::string::npos);

  rig.environment.variables["PASSWORD"] = "s3cret-0";
  rig.environment.variables["ANON"] = "another-key";
  rig.boot("supabase", rig.yaml());
  CHECK(rig.cycle().write == Write::auth);
  CHECK(rig.last.detail.find("Invalid API key") != std::string::npos);

  rig.environment.variables["ANON"] = rig.project.anon_key;
  std::string secret = "old-secret";
  rig.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return secret; };
  std::string yaml = rig.yaml();
  yaml.replace(yaml.find("password: \"${PASSWORD}\""), 23, "password_file: /run/secrets/pw");
  const auto path = rig.decode("supabase", yaml);
  secret = "s3cret-0";
  const auto backend = path.backend(rig.deps());
  CHECK_FALSE(rig.ask(backend->plant(rig.canary(1), rig.soon())).failure);
  backend->finish();
}

TEST_CASE("supabase: throttled, paused, its database away, nobody there") {
  Rig rig;
  rig.boot("supabase", rig.yaml());
  rig.verify_cycles();
  rig.project.answer_all_with = 429;
  CHECK(rig.cycle().write == Write::throttle);
  rig.boot("supabase", rig.yaml());  // a probe that was not asked to wait
  rig.project.answer_all_with = 540;
  CHECK(rig.cycle().write == Write::server);
  CHECK(rig.last.detail == "Supabase, sign-in: HTTP 540, the project is paused");
  rig.project.answer_all_with = 0;
  CHECK(rig.cycle().write == Write::ok);
  rig.project.answer_all_with = 540;
  CHECK(rig.cycle().write == Write::server);
  CHECK(rig.last.detail == "HTTP 540, the project is paused");
  rig.project.answer_all_with = 0;
  const std::string dsn = std::exchange(rig.project.dsn, "host=127.0.0.1 port=1 user=x dbname=x");
  const auto look = rig.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.read_back == model::ReadBack::fail);
  CHECK(rig.last.detail.find("PGRST000") != std::string::npos);
  rig.project.dsn = dsn;
  CHECK(rig.cycle().write == Write::ok);
  tests::run_task(rig.io, rig.project.stop());
  CHECK(rig.cycle().write == Write::net);
  rig.project.start();
}

TEST_CASE("supabase: an API that hangs is net within the time, with the record's fate unknown") {
  Rig rig;
  rig.timeout = 600ms;
  rig.boot("supabase", rig.yaml());
  rig.verify_cycles();
  rig.project.hangs = true;
  const auto before = rig.clock.now().steady;
  const auto look = rig.cycle();
  CHECK(look.write == Write::net);
  CHECK(look.read_back == model::ReadBack::fail);
  CHECK(look.sentinel == model::Sentinel::unknown);
  CHECK(rig.clock.now().steady - before < 2s);
  CHECK(rig.ledger.records.size() == 2);
  rig.project.hangs = false;
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("supabase: garbage with a good status is contract, and no word about the record") {
  Rig rig;
  rig.boot("supabase", rig.yaml());
  rig.verify_cycles();
  for (const char* garbage : {"<html>it works</html>", "{}", "null", "[1, null]", "[{\"token\": \"x\"}]",
                              "[{\"canary_id\": 7}]", "[[]]"}) {
    INFO(garbage);
    rig.project.rest_body = garbage;
    const auto look = rig.cycle();
    CHECK(look.write == Write::contract);
    CHECK(look.sentinel == model::Sentinel::unknown);
    rig.project.rest_body.clear();
    for (int i = 0; i < 3; ++i) rig.cycle();
    CHECK(rig.count() == "1");
  }
}

TEST_CASE("supabase: the database behind it is another door, and a table of the user's own in a schema") {
  Rig rig(false);
  const std::string schema = "app_" + model::random_hex(4);
  database().sql("create schema " + schema + "; grant usage on schema " + schema +
                 " to authenticated; create table " + schema + "." + rig.table +
                 " (id text primary key, note text); grant select, insert, delete on " + schema + "." +
                 rig.table + " to authenticated");
  rig.boot("supabase", rig.yaml("schema: " + schema +
                                "\ncolumns: { id: id, token: note }\nread_from: { type: postgres, dsn: \"" +
                                database().dsn() + "\", query: \"select note from " + schema + "." +
                                rig.table + " where id = $1\" }\n"));
  rig.verify_cycles();
  CHECK(database().sql("select count(*) from " + schema + "." + rig.table) == "1");
}
