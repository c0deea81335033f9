// The write cycle over a scripted backend, on the fake clock.
#include "tests/probes/write_bench.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::RecordState;
using model::Write;
using probes::StepFailure;
using tests::kRefused;
using tests::kServerError;

namespace {

struct Bench : tests::WriteBench {
  explicit Bench(bool read_from = false) {
    with_read_from = read_from;
    restart();
  }
};

}  // namespace

TEST_CASE("a verified cycle arms the probe and leaves one record: the kept one") {
  Bench b;
  const auto first = b.cycle();
  CHECK(first.write == Write::ok);
  CHECK(first.read_back == model::ReadBack::ok);
  CHECK(first.sentinel == model::Sentinel::unknown);  // nothing was kept before
  CHECK(first.armed);
  CHECK(first.acknowledged);
  CHECK(first.seq == 1);
  const auto second = b.cycle();
  CHECK(second.sentinel == model::Sentinel::present);
  CHECK(second.rungs_expected == 1);
  CHECK(b.world.records.size() == 1);
  CHECK(b.ledger.records.size() == 1);
  CHECK(b.ledger.records.begin()->second.state == RecordState::kept);
  CHECK(b.ledger.records.begin()->first == 2);
}

TEST_CASE("a refused plant leaves nothing on the ledger and tells reading from writing") {
  Bench b;
  b.cycle();
  b.world.plant_fails = kRefused;
  SECTION("reading works: refused, not gone") {
    const auto look = b.cycle();
    CHECK(look.write == Write::net);
    CHECK(look.read_back == model::ReadBack::ok);
    CHECK(look.sentinel == model::Sentinel::present);
    CHECK(b.last.step == "plant");
    CHECK(b.last.detail == "connection refused 127.0.0.1:1");
  }
  SECTION("nothing works") {
    b.world.read_fails = kRefused;
    const auto look = b.cycle();
    CHECK(look.read_back == model::ReadBack::fail);
    CHECK(look.sentinel == model::Sentinel::unknown);
  }
  CHECK(b.ledger.records.size() == 1);  // the kept one
  b.world.plant_fails.reset();
  b.world.read_fails.reset();
  CHECK(b.cycle().sentinel == model::Sentinel::present);  // the kept record outlived the outage
  CHECK(b.world.records.size() == 1);
}

TEST_CASE("plants of unknown fate are removed when the backend is back") {
  Bench b;
  b.cycle();
  b.world.plant_fails = kServerError;
  b.world.plant_stores_though_failing = true;
  b.cycle();
  b.cycle();
  CHECK(b.count(RecordState::unresolved) == 2);
  CHECK(b.world.records.size() == 3);
  b.world.plant_fails.reset();
  b.cycle();
  CHECK(b.world.records.size() == 1);
  CHECK(b.ledger.records.size() == 1);
}

TEST_CASE("an outage of a weekend leaves at most the kept record and three unresolved ones") {
  Bench b;
  b.cycle();
  b.world.plant_fails = kServerError;
  b.world.plant_stores_though_failing = true;
  b.world.remove_fails = kServerError;
  for (int i = 0; i < 500; ++i) {
    const auto look = b.cycle();
    CHECK(look.write == Write::server);
    REQUIRE(b.world.records.size() <= 4);
    REQUIRE(b.ledger.records.size() <= 4);
  }
  CHECK(b.last.step == "clean-up");
  CHECK(std::get<model::WriteLook>(b.last.look).plant_attempted);  // we have not stopped writing
  b.world.plant_fails.reset();
  b.world.remove_fails.reset();
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.world.records.size() == 1);
}

TEST_CASE("a late plant of unknown fate is not forgotten before it was seen gone twice, ten minutes apart") {
  Bench b;
  b.cycle();
  b.world.plant_fails = kServerError;  // not stored, as far as anybody can see
  b.cycle();
  b.world.plant_fails.reset();
  b.cycle();
  CHECK(b.count(RecordState::unresolved) == 1);
  b.clock.advance(5min);
  b.cycle();
  CHECK(b.count(RecordState::unresolved) == 1);
  b.clock.advance(6min);
  b.cycle();
  CHECK(b.count(RecordState::unresolved) == 0);
}

TEST_CASE("recovery is seen at once although three fates are still open") {
  Bench b;
  b.cycle();
  b.world.plant_fails = kServerError;
  for (int i = 0; i < 5; ++i) b.cycle();
  CHECK(b.count(RecordState::unresolved) == 3);
  b.world.plant_fails.reset();
  CHECK(b.cycle().write == Write::ok);
}

TEST_CASE("acknowledged and not kept is lost, after consistency and two reads") {
  Bench b;
  b.cycle();
  b.world.plant_forgets = true;
  const auto started = b.clock.now().steady;
  const auto look = b.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.read_back == model::ReadBack::lost);
  CHECK(b.clock.now().steady - started >= 5s);
  CHECK(b.count(RecordState::missing) == 1);
  b.world.plant_forgets = false;
  const auto again = b.cycle();  // the second independent read: still gone
  CHECK(again.write == Write::ok);
  CHECK(again.sentinel == model::Sentinel::missing);
}

TEST_CASE("eventual consistency within the limit is not loss") {
  Bench b;
  b.cycle();
  b.world.visible_after = 4s;
  const auto look = b.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.read_back == model::ReadBack::ok);
}

TEST_CASE("a session that sees nothing at all has lost its identity, not the data") {
  Bench b;
  b.cycle();
  b.world.hides_everything = true;
  const auto look = b.cycle();
  CHECK(look.read_back == model::ReadBack::fail);
  CHECK(look.write == Write::auth);
  CHECK(look.sentinel != model::Sentinel::missing);
}

TEST_CASE("a database recreated empty is seen by the kept record, and stays seen until a person accepts") {
  Bench b;
  b.cycle();
  b.cycle();
  b.world.records.clear();
  const auto look = b.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.sentinel == model::Sentinel::missing);
  CHECK(look.newest_rung_missing);
  CHECK(look.rungs_missing == 1);
  for (int i = 0; i < 3; ++i) CHECK(b.cycle().sentinel == model::Sentinel::missing);
  b.restart();
  CHECK(b.cycle().sentinel == model::Sentinel::missing);
  REQUIRE(b.wait(b.probe->accept_generation()));
  CHECK(b.cycle().sentinel == model::Sentinel::present);
}

TEST_CASE("what a restore brings back after acceptance is removed") {
  Bench b;
  b.cycle();
  const auto backup = b.world.records;
  b.world.records.clear();
  b.cycle();
  const auto planted_into_empty = b.world.records;
  b.world.records = backup;  // the restore: the old record is back, the newer one is not
  b.cycle();
  REQUIRE(b.wait(b.probe->accept_generation()));
  b.clock.advance(11min);
  b.cycle();
  b.clock.advance(11min);
  b.cycle();
  CHECK(b.cycle().sentinel == model::Sentinel::present);
  CHECK(b.world.records.size() == 1);
}

TEST_CASE("a false alarm: the record is found by the second read, and then removed") {
  Bench b;
  b.cycle();
  const auto all = b.world.records;
  b.world.records.clear();
  CHECK(b.cycle().sentinel == model::Sentinel::missing);
  b.world.records.insert(all.begin(), all.end());
  CHECK(b.cycle().sentinel == model::Sentinel::present);
  CHECK(b.world.records.size() == 1);
}

TEST_CASE("an altered record is a reset") {
  Bench b;
  b.cycle();
  b.world.plant_fails = kRefused;
  b.world.read_alters = true;
  CHECK(b.cycle().sentinel == model::Sentinel::reset);
}

TEST_CASE("a dropped table is the container gone, and never healed by us") {
  Bench b;
  b.cycle();
  CHECK(b.world.prepares == 1);
  b.world.container_exists = false;
  b.world.records.clear();
  const auto look = b.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.container_gone);
  CHECK(look.sentinel == model::Sentinel::missing);
  b.restart();
  b.cycle();
  CHECK_FALSE(b.world.container_exists);
  CHECK(b.world.prepares == 1);
  REQUIRE(b.wait(b.probe->accept_generation()));
  CHECK(b.world.container_exists);
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.cycle().sentinel == model::Sentinel::present);
}

TEST_CASE("one look never takes longer than its time-out, and still says whether reading works") {
  Bench b;
  b.cycle();
  b.world.plant_takes = 60s;
  const auto started = b.clock.now().steady;
  const auto look = b.cycle();
  CHECK(b.clock.now().steady - started <= 10s + 20ms);
  CHECK(look.write == Write::net);
  CHECK(look.read_back == model::ReadBack::ok);
}

TEST_CASE("a write of eight seconds is verified and slow") {
  Bench b;
  b.cycle();
  b.world.plant_takes = 8s;
  const auto look = b.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.slow);
  CHECK(b.last.detail == "slow: 8000 ms");
}

TEST_CASE("a step that never worked is a contract question, one that did is the server's") {
  Bench b;
  b.world.plant_fails = StepFailure{Write::server, "HTTP 404", false, false, true};
  CHECK(b.cycle().write == Write::contract);
  b.world.plant_fails.reset();
  CHECK(b.cycle().armed);
  b.world.plant_fails = StepFailure{Write::server, "HTTP 404", false, false, true};
  CHECK(b.cycle().write == Write::server);
}

TEST_CASE("nothing is planted that the ledger does not know") {
  Bench b;
  b.cycle();
  b.cycle();
  b.ledger.fails = true;
  const int plants = b.world.plants;
  const auto look = b.cycle();
  CHECK(look.write == Write::unknown);
  CHECK(b.last.step == "ledger");
  CHECK(b.world.plants == plants);
}

TEST_CASE("server-assigned ids: a crash between request and answer is cleaned up through find") {
  Bench b;
  b.world.assigns_ids = true;
  b.restart();
  b.cycle();
  b.world.plant_fails = kServerError;
  b.world.plant_stores_though_failing = true;
  b.cycle();
  CHECK(b.world.records.size() == 2);
  b.world.plant_fails.reset();
  b.restart();
  CHECK(b.wait(b.probe->clean_up()) == 0);
  CHECK(b.world.records.size() == 1);
  CHECK(b.world.finds >= 1);
  CHECK(b.cycle().sentinel == model::Sentinel::present);
}

TEST_CASE("a delete that cannot tell is verified by reading") {
  Bench b;
  b.world.remove_cannot_tell = true;
  for (int i = 0; i < 3; ++i) CHECK(b.cycle().write == Write::ok);
  CHECK(b.world.records.size() == 1);
  CHECK(b.ledger.records.size() == 1);
}

TEST_CASE("leaving removes everything of ours") {
  Bench b;
  b.cycle();
  b.cycle();
  CHECK(b.wait(b.probe->drop_all()) == 0);
  CHECK(b.world.records.empty());
  CHECK(b.ledger.records.empty());
}

TEST_CASE("a number we never gave out is told once and numbering goes on above it") {
  Bench b;
  b.cycle();
  b.probe->note_seen(1);  // ours: nothing to tell
  CHECK(b.cycle().foreign_seq == 0);
  b.probe->note_seen(90);
  const auto look = b.cycle();
  CHECK(look.foreign_seq == 90);
  CHECK(look.seq == 91);
  CHECK(b.cycle().foreign_seq == 0);
}

TEST_CASE("read_from tells that the database still has it, or that it is gone") {
  Bench b;
  b.cycle();  // planted through the API, whose records live in the database
  b.database.records = b.world.records;
  b.database.proves_identity = true;
  b.with_read_from = true;
  b.restart();
  b.world.plant_fails = kServerError;
  b.world.read_fails = kServerError;
  SECTION("still there") {
    const auto look = b.cycle();
    CHECK(look.database_still_has_it);
    CHECK(look.read_back == model::ReadBack::fail);
    CHECK(look.sentinel == model::Sentinel::present);
  }
  SECTION("row gone") {
    b.database.records.clear();
    const auto look = b.cycle();
    CHECK(look.sentinel == model::Sentinel::missing);
  }
  SECTION("table gone") {
    b.database.container_exists = false;
    const auto look = b.cycle();
    CHECK(look.container_gone);
    CHECK(look.sentinel == model::Sentinel::missing);
  }
  SECTION("database does not answer") {
    b.database.read_fails = kRefused;
    CHECK(b.cycle().sentinel == model::Sentinel::unknown);
  }
}
