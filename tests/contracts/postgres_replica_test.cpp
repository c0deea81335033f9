// Planted on the primary, read on a real streaming replica: its lag is told, and never called a loss.
#include <catch2/catch.hpp>

#include "tests/support/backend_rig.h"
#include "tests/support/postgres_server.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;

namespace {

struct Pair {
  tests::PostgresServer primary;
  std::unique_ptr<tests::PostgresServer> replica;

  Pair() {
    primary.start();
    replica = std::make_unique<tests::PostgresServer>(tests::PostgresServer::ReplicaOf{primary});
    replica->start();
  }
};
Pair& pair() {
  static Pair instance;
  return instance;
}

struct Rig : tests::BackendRig {
  std::string schema = "t" + model::random_hex(4);
  Rig() { ledger.stream.name = "t1-orders"; }
  void start(const std::string& what = "") {
    boot("postgres", "dsn: \"" + pair().primary.dsn() + "\"\n" +
                         (what.empty() ? "schema: " + schema + "\n" : what) +
                         "read_from: { type: postgres, dsn: \"" + pair().replica->dsn() + "\" }\n");
  }
};

// Replay is stopped while it lives: the replica answers, from the past.
struct Paused {
  Paused() { pair().replica->sql("select pg_wal_replay_pause()"); }
  ~Paused() { pair().replica->sql("select pg_wal_replay_resume()"); }
};

}  // namespace

TEST_CASE("postgres replica: the managed table is read there without a query of its own") {
  Rig rig;
  rig.start();
  rig.verify_cycles();
  const auto look = rig.cycle();
  REQUIRE(look.replica_lag);
  CHECK(*look.replica_lag < 5s);
  CHECK_FALSE(look.database_still_has_it);
}

TEST_CASE("postgres replica: with statements of the user's it is read by the write's own read") {
  Rig rig;
  pair().primary.sql("create table " + rig.schema + "_notes (id text primary key, note text)");
  rig.start("plant: insert into " + rig.schema +
            "_notes (id, note) values (${canary.id}, ${canary.token})\nread: select note from " + rig.schema +
            "_notes where id = ${canary.id}\nremove: delete from " + rig.schema +
            "_notes where id = ${canary.id}\n");
  rig.verify_cycles();
}

TEST_CASE("postgres replica: a role that may read that one table is enough for a door") {
  Rig rig;
  rig.start();
  rig.cycle();
  pair().primary.sql("create role door_" + rig.schema + " login; grant usage on schema " + rig.schema +
                     " to door_" + rig.schema + "; grant select on " + rig.schema + ".canaries to door_" +
                     rig.schema);
  rig.boot("postgres", "dsn: \"" + pair().primary.dsn() + "\"\nschema: " + rig.schema +
                           "\nread_from: { type: postgres, dsn: \"" +
                           pair().replica->dsn("door_" + rig.schema) + "\" }\n");
  for (int i = 0; i < 50 && rig.cycle().read_back != model::ReadBack::ok; ++i) {
  }
  rig.cycle();
  INFO(rig.last.detail);
  CHECK(std::get<model::WriteLook>(rig.last.look).read_back == model::ReadBack::ok);
  CHECK_THROWS(
      pair().primary.sql("set role door_" + rig.schema + "; delete from " + rig.schema + ".canaries"));
}

TEST_CASE("postgres replica: replay that stands still is lag, told with its seconds, and never a loss") {
  Rig rig;
  rig.timeout = 1s;
  rig.start();
  rig.cycle();
  rig.cycle();
  {
    const Paused paused;
    model::Millis before{0};
    for (int i = 0; i < 2; ++i) {
      const auto look = rig.cycle();
      INFO(rig.last.detail);
      CHECK(look.write == Write::ok);
      CHECK(look.read_back == model::ReadBack::fail);
      CHECK(look.sentinel != model::Sentinel::missing);
      REQUIRE(look.replica_lag);
      CHECK(*look.replica_lag > before);
      before = *look.replica_lag;
      CHECK(rig.last.detail.find("acknowledged, and not on the replica yet: replica is ") == 0);
      CHECK(rig.last.detail.find(" s behind, its replay is paused") != std::string::npos);
    }
  }
  // It has caught up: nothing was lost, and what was left over is removed.
  model::WriteLook look;
  for (int i = 0; i < 50 && look.read_back != model::ReadBack::ok; ++i) look = rig.cycle();
  CHECK(look.read_back == model::ReadBack::ok);
  CHECK(look.sentinel == model::Sentinel::present);
  CHECK(rig.cycle().write == Write::ok);
  CHECK(pair().primary.sql("select count(*) from " + rig.schema + ".canaries") == "1");
}

TEST_CASE("postgres replica: a table that it does not have yet is lag too") {
  Rig rig;
  rig.timeout = 1s;
  const Paused paused;
  rig.start();
  const auto look = rig.cycle();
  INFO(rig.last.detail);
  CHECK(look.write == Write::ok);
  CHECK_FALSE(look.container_gone);
  CHECK(look.sentinel != model::Sentinel::missing);
  CHECK(rig.last.detail.find("not on the replica yet") != std::string::npos);
}

TEST_CASE("postgres replica: a loss at the primary is told by its own door only") {
  Rig rig;
  rig.timeout = 1s;
  rig.start();
  rig.cycle();
  pair().primary.sql("truncate " + rig.schema + ".canaries");
  const auto look = rig.cycle();  // the replica has replayed the truncation: its word is no proof
  CHECK(look.write == Write::ok);
  CHECK(look.sentinel != model::Sentinel::missing);

  Rig direct;
  direct.ledger = rig.ledger;
  direct.schema = rig.schema;
  direct.boot("postgres", "dsn: \"" + pair().primary.dsn() + "\"\nschema: " + rig.schema + "\n");
  direct.cycle();
  pair().primary.sql("truncate " + rig.schema + ".canaries");
  CHECK(direct.cycle().sentinel == model::Sentinel::missing);
}

TEST_CASE("postgres replica: written to by mistake, it is read-only") {
  Rig rig;
  rig.start();
  rig.cycle();
  for (int i = 0; i < 50 && pair().replica->sql("select count(*) from " + rig.schema + ".canaries") != "1";
       ++i) {
  }
  rig.boot("postgres", "dsn: \"" + pair().replica->dsn() + "\"\nschema: " + rig.schema + "\n");
  const auto look = rig.cycle();
  INFO(rig.last.detail);
  CHECK(look.write == Write::read_only);
  CHECK(look.read_back == model::ReadBack::ok);
}
