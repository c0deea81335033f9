// The sql source against a real PostgreSQL: bound parameters, a session that may only read, and what is no
// count.
#include <catch2/catch.hpp>

#include "probes/registry.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/postgres_server.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

tests::PostgresServer& server() {
  static tests::PostgresServer instance;
  static const bool started = [] {
    instance.start();
    instance.sql(
        "create table orders (customer text, at timestamptz);"
        "insert into orders select 'ann', now() - n * interval '1 minute' from generate_series(0, 9) n;"
        "insert into orders values ('deadcalm-canary', now());"
        "create role reader login; grant select on orders to reader; create role nobody login");
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
  std::unique_ptr<probes::CountSource> source;

  explicit Rig(const std::string& query, const std::string& dsn = server().dsn("reader")) {
    probes::TrafficPath path;
    const std::string faults =
        tests::decode_yaml("dsn: \"" + dsn + "\"\nquery: \"" + query + "\"\n", environment,
                           [&](config::Reader& r) { path = probes::decode_traffic("sql", r, 60s); });
    INFO(faults);
    REQUIRE((faults.empty() || faults.find("warning") != std::string::npos));
    source = path.source(probes::BackendDeps{clock, client, io.get_executor(), environment, "a1b2c3d4",
                                             model::Secret("not used")});
  }
  probes::Counted count(model::Millis window, model::Millis timeout = 3s) {
    const probes::CountWindow question{clock.now().wall - window, window};
    return tests::run_task(io, source->count(question, clock.now().steady + timeout));
  }
};

const std::string kSince =
    "select count(*) from orders where at > ${since} and customer <> 'deadcalm-canary'";

}  // namespace

TEST_CASE("sql: counts since a moment, or over a window, without our own canary") {
  Rig since(kSince);
  CHECK(since.count(150s) == 3);  // 0, 1 and 2 minutes old
  CHECK(since.count(1h) == 10);
  Rig window("select count(*) from orders where at > now() - ${window} and customer = 'ann'");
  CHECK(window.count(150s) == 3);
  Rig both("select count(*) from orders where at > ${since} and at > now() - ${window} and at > ${since}");
  CHECK(both.count(150s) == 4);  // nobody left the canary out here
  CHECK_THAT(both.source->describe({model::from_unix_millis(1'788'134'400'000), 150s}),
             Catch::Contains("at > $1::timestamptz and at > now() - $2::interval and at > $1::timestamptz  "
                             "with $1 = 2026-08-31T00:00:00Z, $2 = 150 seconds"));
}

TEST_CASE("sql: nothing is pasted into the statement, and nothing can be written") {
  Rig writes("with gone as (delete from orders where at > ${since} returning 1) select count(*) from gone",
             server().dsn());
  const auto counted = writes.count(1h);
  REQUIRE_FALSE(counted);
  CHECK_THAT(counted.error(), Catch::Contains("read-only transaction"));
  CHECK(server().sql("select count(*) from orders") == "11");
  Rig two(kSince + "; drop table orders");
  CHECK_FALSE(two.count(1h));
}

TEST_CASE("sql: what is no count is unknown, with the reason") {
  struct Row {
    std::string query, reason;
  };
  const Row rows[] = {
      {"select sum(1) from orders where at > ${since} and false", "NULL instead of a number"},
      {"select customer from orders where at > ${since} limit 1", "is no number"},
      {"select 'NaN'::float8 where now() > ${since}", "NaN is no count"},
      {"select -1 where now() > ${since}", "-1 is negative"},
      {"select 1, 2 where now() > ${since}", "1 rows of 2 columns"},
      {"select 1 where now() < ${since}", "0 rows of 0 columns"},
      {"select count(*) from ordres where at > ${since}", "relation \"ordres\" does not exist"},
      {"selct ${since}", "syntax error"},
  };
  for (const Row& row : rows) {
    Rig rig(row.query);
    const auto counted = rig.count(60s);
    INFO(row.query);
    REQUIRE_FALSE(counted);
    CHECK_THAT(counted.error(), Catch::Contains(row.reason));
  }
}

TEST_CASE("sql: refused, unknown, slow, gone") {
  const auto refused = Rig(kSince, server().dsn("nobody")).count(60s);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error(), Catch::Contains("permission denied"));
  CHECK_FALSE(Rig(kSince, server().dsn("stranger")).count(60s));

  Rig slow("select count(*) from orders, pg_sleep(5) where at > ${since}");
  const auto late = slow.count(60s, 400ms);
  REQUIRE_FALSE(late);
  // The statement is ended on the server as well: nobody goes on counting for an answer that is too late.
  const std::string running =
      "select count(*) from pg_stat_activity where application_name like 'deadcalm/%' and state = 'active'";
  std::string left = "1";
  for (int i = 0; i < 20 && left != "0"; ++i) left = server().sql(running);
  CHECK(left == "0");

  const auto nobody = Rig(kSince, "host=127.0.0.1 port=1 user=x dbname=x").count(60s);
  REQUIRE_FALSE(nobody);
  CHECK_THAT(nobody.error(), Catch::Contains("refused"));
}
