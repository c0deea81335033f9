// What is decided about PostgreSQL before a statement is sent, and about what comes back: statements of the
// user's, refusals, connection strings, faults of the keys.
#include <catch2/catch.hpp>

#include "probes/postgres/dsn.h"
#include "probes/postgres/refusal.h"
#include "probes/postgres/sqlstate.h"
#include "probes/postgres/statement.h"
#include "tests/support/backend_rig.h"

using namespace deadcalm;
using namespace probes::postgres;
using model::Write;

namespace {

config::Template parsed(const std::string& text) {
  config::Template out;
  std::size_t at = 0;
  for (std::size_t open = text.find("${"); open != std::string::npos; open = text.find("${", at)) {
    const std::size_t close = text.find('}', open);
    out.add_text(text.substr(at, open - at));
    out.add_name(text.substr(open + 2, close - open - 2));
    at = close + 1;
  }
  out.add_text(text.substr(at));
  return out;
}

std::string fault(StepKind kind, const std::string& text) {
  const config::Template t = parsed(text);
  const auto found = fault_in(kind, make_statement(t), scan_of(t));
  return found ? found->message : "";
}

}  // namespace

TEST_CASE("a statement's names become parameters, each its own") {
  const Statement s = make_statement(
      parsed("insert into n (a, b, c) values (${canary.id}, ${canary.token}, ${canary.id}) ;\n"));
  CHECK(s.sql == "insert into n (a, b, c) values ($1, $2, $3)");
  const probes::Canary canary{"s", 3, "dc1.x", "id-3"};
  CHECK(s.values(canary) == std::vector<std::string>{"id-3", "dc1.x", "id-3"});
  CHECK(s.shown(canary).ends_with("   -- $1 = id-3, $2 = dc1.x, $3 = id-3"));
  CHECK(make_statement(parsed("select ${canary.uuid}, ${canary.int}")).values(canary) ==
        std::vector<std::string>{canary.uuid(), std::to_string(canary.number())});
}

TEST_CASE("what is wrong with a statement, and what only looks wrong") {
  struct Row {
    StepKind kind;
    const char* text;
    const char* expected;  // the start; empty: nothing
  };
  using enum StepKind;
  const Row rows[] = {
      {remove, "delete from n where id = ${canary.id}", ""},
      {remove, "DELETE FROM ONLY \"N\" AS x WHERE x.id = ${canary.id} RETURNING id;  -- done", ""},
      {remove, "update n set gone = now() where id = ${canary.id}", ""},
      {remove, "delete from n where note = 'a; b' and id = ${canary.id}", ""},
      {remove, "/* where /* nested; */ */ delete from n where id = ${canary.id}", ""},
      {remove, "delete from n where x = $t$ ; ' $t$ and id = ${canary.id}", ""},
      {remove, "delete from n where x = E'it\\'s; ' and id = ${canary.id}", ""},
      {remove, "delete from n", "has no WHERE"},
      {remove, "update n set a = (select 1 where true), b = ${canary.id}", "has no WHERE"},
      {remove, "delete from n -- where id = 1", "has no WHERE"},
      {remove, "delete from n where id = 'x'", "does not name one record"},
      {remove, "update n set note = ${canary.token} where true", "does not name one record"},
      {remove, "delete from n where id = '${canary.id}'", "${canary...} is a value already"},
      {remove, "delete from n where id = $1 and ${canary.id} = id", "has a parameter of its own"},
      {remove, "delete from n where id = ${canary.id}; drop table n", "holds several commands"},
      {remove, "delete from n where (id = ${canary.id}", "a quote, a comment or a parenthesis"},
      {remove, "delete from n where id = ${canary.id} and x = 'open", "a quote, a comment or a parenthesis"},
      {remove, "truncate n", "does not remove"},
      {remove, "   ", "holds no statement"},
      {plant, "insert into n values (${canary.id}, ${canary.token})", ""},
      {plant, "select add_note(${canary.id}, ${canary.token})", ""},
      {plant, "insert into n values (${canary.id})", "does not write ${canary.token}"},
      {plant, "update n set note = ${canary.token}", "does not plant"},
      {read, "select note from n where id = ${canary.id}", ""},
      {read, "select n.\"update\" from n where id = ${canary.id}", ""},
      {read, "select note from n order by at desc limit 1", "does not name one record"},
      {read, "with x as (delete from n returning 1) select ${canary.id}", "writes or locks (delete)"},
      {read, "select note from n where id = ${canary.id} for update", "writes or locks (update)"},
      {find, "select id, note from n where note like 'dc1.%'", ""},
      {find, "table n", "does not read"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const std::string found = fault(row.kind, row.text);
    CHECK(found.starts_with(row.expected));
    CHECK(found.empty() == (std::string(row.expected).empty()));
  }
}

TEST_CASE("the guard around a remove, and how its error is known") {
  CHECK(guarded({"delete from n where id = $1", {"canary.id"}}) ==
        "with touched as (delete from n where id = $1 returning 1) select case when count(*) > 1 then "
        "(count(*) || ' rows')::int else count(*)::int end from touched");
  CHECK(guarded({"delete from n where id = $1 returning id -- all", {}})
            .starts_with("with touched as (delete from n where id = $1 returning id -- all\n) select"));
  CHECK(rows_in_guard_error("SQLSTATE 22P02: invalid input syntax for type integer: \"3 rows\"") == "3");
  CHECK_FALSE(rows_in_guard_error("SQLSTATE 22P02: invalid input syntax for type integer: \"x\""));
  CHECK_FALSE(rows_in_guard_error("SQLSTATE 23505: \"3 rows\""));
}

TEST_CASE("grants follow from the statements") {
  const auto grants =
      grants_for({scan_sql("insert into shop.notes (id, \"Note\") values (1, 2) returning id"),
                  scan_sql("select x from audit join b on true where id = 1"),
                  scan_sql("update shop.notes set gone = true where id = 1"), SqlScan{}});
  CHECK(grants ==
        std::vector<std::string>{"grant select on audit to deadcalm",
                                 "grant insert (id, \"Note\"), select, update on shop.notes to deadcalm"});
}

TEST_CASE("why a session was refused, by the server, a pooler, or TLS") {
  struct Row {
    const char* message;
    const char* tls;
    Write expected;
    bool gone = false;
  };
  const Row rows[] = {
      {"failed: FATAL:  28P01: password authentication failed for user \"x\"", "", Write::auth},
      {"failed: FATAL:  28000: no pg_hba.conf entry for host", "", Write::auth},
      {"failed: FEHLER:  28P01: Passwort-Authentifizierung fehlgeschlagen", "", Write::auth},
      {"failed: FATAL:  3D000: database \"x\" does not exist", "", Write::server, true},
      {"failed: FATAL:  53300: sorry, too many clients already", "", Write::server},
      {"failed: FATAL:  57P03: the database system is starting up", "", Write::server},
      {"failed: FATAL:  42501: permission denied for database \"x\"", "", Write::auth},
      {"failed: FATAL:  08P01: no such database: x", "", Write::server},
      {"failed: FATAL:  08P01: database \"x\" does not exist", "", Write::server, true},
      {"failed: FATAL:  08P01: server login failed: connect failed", "", Write::server},
      {"failed: FATAL:  08P01: role \"x\" does not exist", "", Write::auth},
      {"failed: FATAL:  08P01: unsupported startup parameter: options", "", Write::contract},
      {"failed: FATAL:  08P01: no more connections allowed (max_client_conn)", "", Write::server},
      {"failed: FATAL:  08P01: something new", "", Write::net},
      {"failed: fe_sendauth: no password supplied", "", Write::auth},
      {"failed: Connection refused Is the server running on that host?", "", Write::net},
      {"failed: SSL error: certificate verify failed", "certificate has expired", Write::net},
      {"root certificate file \"/x\" does not exist", "", Write::contract},
  };
  for (const Row& row : rows) {
    INFO(row.message);
    const auto failure = classify_refusal(row.message, row.tls);
    CHECK(failure.failure == row.expected);
    CHECK(failure.container_gone == row.gone);
    CHECK_FALSE(failure.maybe_done);
    CHECK(failure.detail.find(row.message) == 0);
    CHECK(failure.detail.find(row.tls) != std::string::npos);
  }
}

TEST_CASE("errors of a pooler within a session") {
  const auto crashed = classify_sqlstate("08P01", "server conn crashed?");
  CHECK(crashed.failure == Write::server);
  CHECK(crashed.maybe_done);
  CHECK_FALSE(classify_sqlstate("08P01", "query_wait_timeout").maybe_done);
  CHECK(refuses_transactions(
      classify_sqlstate("08P01", "transaction blocks not allowed in statement pooling mode")));
  CHECK(classify_sqlstate("08006", "connection failure").failure == Write::net);
}

TEST_CASE("what a connection string says") {
  const auto local = [](const char* dsn) { return is_local(parse_dsn(model::Secret(dsn)).value()); };
  CHECK(local("dbname=x"));
  CHECK(local("host=/run/postgresql"));
  CHECK(local("postgresql://u@localhost,127.0.0.1/x"));
  CHECK(local("postgresql://u@[::1]:5433/x"));
  CHECK_FALSE(local("host=db.example.com"));
  CHECK_FALSE(local("host=localhost,db.example.com"));
  CHECK_FALSE(local("host=localhost hostaddr=192.0.2.1"));
  CHECK_FALSE(parse_dsn(model::Secret("this is no dsn")));

  const Keywords keywords = with_tls(parse_dsn(model::Secret("host=db sslrootcert=/a")).value(),
                                     {"verify-full", "", "/c", "/k", "/usual"});
  CHECK(keywords.at("sslmode") == "verify-full");
  CHECK(keywords.at("sslrootcert") == "/a");
  CHECK(keywords.at("sslcert") == "/c");
  CHECK(with_tls({}, {"verify-ca", "", "", "", "/usual"}).at("sslrootcert") == "/usual");
  CHECK(name_to_resolve({{"host", "db"}}) == "db");
  CHECK(name_to_resolve({{"host", "192.0.2.1"}}).empty());
  CHECK(name_to_resolve({{"host", "db"}, {"hostaddr", "192.0.2.1"}}).empty());
}
