// The cycle that updates its records in turn, over a scripted backend, on the fake clock.
#include <set>

#include "tests/probes/write_bench.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::RecordState;
using model::Sentinel;
using model::Write;
using probes::StepFailure;
using tests::kKey;
using tests::kRefused;
using tests::kServerError;

namespace {

struct Bench : tests::WriteBench {
  Bench() {
    options.probe = "appsync";
    options.keep = 2;
    world.proves_identity = true;
    clock.step_wall(1'700'000'000s);
    restart();
  }

  model::WriteLook cycle() {
    clock.advance(60s);
    return WriteBench::cycle();
  }
  // Both records are there and have been updated once each.
  void settle_in() {
    for (int i = 0; i < 4; ++i) REQUIRE(cycle().write == Write::ok);
  }
  std::set<std::string> ids() const {
    std::set<std::string> found;
    for (const auto& [id, token] : world.records) found.insert(id);
    return found;
  }
};

}  // namespace

TEST_CASE("keep: two records are made, then updated in turn, and none is ever removed") {
  Bench b;
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.cycle().sentinel == Sentinel::present);
  const auto made = b.ids();
  CHECK(made.size() == 2);
  auto before = b.world.records;
  std::set<std::string> updated;
  for (int i = 0; i < 4; ++i) {
    const auto look = b.cycle();
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
    CHECK(look.sentinel == Sentinel::present);
    CHECK(look.rungs_expected == 2);
    int changed = 0;
    for (const auto& [id, token] : b.world.records) {
      if (before[id] == token) continue;
      ++changed;
      updated.insert(id);
    }
    CHECK(changed == 1);
    CHECK(b.ids() == made);
    before = b.world.records;
  }
  CHECK(updated == made);
  CHECK(b.world.removes == 0);
  CHECK(b.world.plants == 2);
  CHECK(b.ledger.records.size() == 2);
  CHECK(b.ledger.stream.next_seq == 7);
}

TEST_CASE("keep: a restart goes on with the same records") {
  Bench b;
  b.settle_in();
  const auto made = b.ids();
  b.restart();
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.cycle().sentinel == Sentinel::present);
  CHECK(b.ids() == made);
}

TEST_CASE("keep: an absent record is missing and never made again; the other one goes on") {
  Bench b;
  b.settle_in();
  b.world.records.erase(b.world.records.begin());
  for (int i = 0; i < 3; ++i) {
    const auto look = b.cycle();
    CHECK(look.write == Write::ok);
    CHECK(look.sentinel == Sentinel::missing);
    CHECK(look.rungs_expected == 2);
    CHECK(look.rungs_missing == 1);
    CHECK(b.world.records.size() == 1);
  }
  REQUIRE(b.wait(b.probe->accept_generation()));
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.world.records.size() == 2);
  const auto look = b.cycle();
  CHECK(look.sentinel == Sentinel::present);
  CHECK(look.rungs_missing == 0);
}

TEST_CASE("keep: all records gone is loss, and nothing is written until a person accepts") {
  Bench b;
  b.settle_in();
  b.world.records.clear();
  for (int i = 0; i < 2; ++i) {
    const auto look = b.cycle();
    CHECK(look.write == Write::unknown);
    CHECK(look.sentinel == Sentinel::missing);
    CHECK(look.rungs_missing == 2);
    CHECK(look.newest_rung_missing);
    CHECK(b.world.records.empty());
  }
  REQUIRE(b.wait(b.probe->accept_generation()));
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.world.records.size() == 2);
}

TEST_CASE("keep: records that a session cannot see are not gone where it has not shown who it is") {
  Bench b;
  b.settle_in();
  b.world.proves_identity = false;
  b.world.hides_everything = true;
  const auto look = b.cycle();
  CHECK(look.write == Write::auth);
  CHECK(look.sentinel != Sentinel::missing);
  CHECK(b.count(RecordState::missing) == 0);
  b.world.hides_everything = false;
  CHECK(b.cycle().sentinel == Sentinel::present);
}

TEST_CASE("keep: a false alarm ends with the next read") {
  Bench b;
  b.settle_in();
  const auto saved = *b.world.records.begin();
  b.world.records.erase(saved.first);
  CHECK(b.cycle().sentinel == Sentinel::missing);
  b.world.records.insert(saved);
  b.cycle();
  const auto look = b.cycle();
  CHECK(look.sentinel == Sentinel::present);
  CHECK(look.rungs_missing == 0);
  CHECK(b.count(RecordState::kept) == 2);
  CHECK(b.world.records.size() == 2);
}

TEST_CASE("keep: an older token of our own is a roll-back, by the difference of the tokens' times") {
  Bench b;
  b.settle_in();
  const auto saved = b.world.records;
  for (int i = 0; i < 10; ++i) b.cycle();
  const auto newest = b.world.records;
  b.world.records = saved;
  b.world.before.clear();
  const auto look = b.cycle();
  CHECK(look.sentinel == Sentinel::reset);
  CHECK_FALSE(look.altered);
  CHECK(b.last.detail.starts_with("rolled back by 10 min"));
  REQUIRE(look.newest_surviving);
  REQUIRE(look.oldest_missing);
  CHECK(*look.oldest_missing - *look.newest_surviving > 9min);
  CHECK(b.world.records == saved);  // evidence: not written over
  CHECK(b.cycle().sentinel == Sentinel::reset);
  REQUIRE(b.wait(b.probe->accept_generation()));
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.cycle().sentinel == Sentinel::present);
  CHECK(b.world.records.size() == 2);
}

TEST_CASE("keep: somebody else's content is altered, and not written over") {
  Bench b;
  b.settle_in();
  b.world.records.begin()->second = "hello";
  const auto look = b.cycle();
  CHECK(look.sentinel == Sentinel::reset);
  CHECK(look.altered);
  CHECK(look.write == Write::ok);  // by the other record
  b.cycle();
  CHECK(b.world.records.begin()->second == "hello");
}

TEST_CASE("keep: a number of ours that we never gave out is a clone, not loss") {
  Bench b;
  b.settle_in();
  b.world.records.begin()->second =
      probes::make_canary(b.ledger.stream.name, 900, b.clock.now().wall, kKey).token;
  const auto look = b.cycle();
  CHECK(look.foreign_seq == 900);
  CHECK(look.sentinel == Sentinel::present);
  CHECK(b.cycle().seq > 900);
}

TEST_CASE("keep: a refused update tells writing from reading") {
  Bench b;
  b.settle_in();
  b.world.update_fails = StepFailure{Write::read_only, "read-only", false, false, false};
  auto look = b.cycle();
  CHECK(look.write == Write::read_only);
  CHECK(look.read_back == model::ReadBack::ok);
  CHECK(look.sentinel == Sentinel::present);
  CHECK(b.last.step == "update");
  CHECK(b.ledger.records.size() == 2);
  b.world.read_fails = kRefused;
  look = b.cycle();
  CHECK(look.write == Write::net);
  CHECK(look.read_back == model::ReadBack::fail);
  CHECK(look.sentinel == Sentinel::unknown);
  CHECK(look.plant_attempted);
}

TEST_CASE("keep: an update of unknown fate may have happened or not; both are fine, and nothing piles up") {
  Bench b;
  b.settle_in();
  b.world.update_fails = kServerError;
  SECTION("kept and answered 500") {
    b.world.plant_stores_though_failing = true;
  }
  SECTION("not kept") {}
  for (int i = 0; i < 50; ++i) {
    const auto look = b.cycle();
    CHECK(look.write == Write::server);
    CHECK(look.sentinel == Sentinel::present);
    if (i == 25) b.restart();
  }
  CHECK(b.count(RecordState::unresolved) <= 3);
  b.world.update_fails.reset();
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.ledger.records.size() == 2);
  CHECK(b.world.records.size() == 2);
  CHECK(b.world.removes == 0);
}

TEST_CASE("keep: an update seen late is waited for; one never seen is lost") {
  Bench b;
  b.settle_in();
  b.world.visible_after = 2s;
  CHECK(b.cycle().read_back == model::ReadBack::ok);
  b.world.visible_after = 0s;
  b.world.plant_forgets = true;
  const auto look = b.cycle();
  CHECK(look.acknowledged);
  CHECK(look.read_back == model::ReadBack::lost);
  CHECK(b.ledger.records.size() == 2);
  b.world.plant_forgets = false;
  CHECK(b.cycle().write == Write::ok);
}

TEST_CASE("keep: a container that is gone takes all records along") {
  Bench b;
  b.settle_in();
  b.world.container_exists = false;
  const auto look = b.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.container_gone);
  CHECK(look.sentinel == Sentinel::missing);
  CHECK(look.rungs_missing == 2);
}

TEST_CASE("keep: killed at any step, the next start goes on with the same two records") {
  const bool grown = GENERATE(false, true);
  int deaths = 0;
  for (int step = 1; step < 40; ++step) {
    INFO("step " << step << (grown ? ", updating" : ", making"));
    Bench b;
    if (grown) b.settle_in();
    const auto made = b.ids();
    b.world.dies_in = step;
    for (int i = 0; i < 4 && b.world.dies_in > 0; ++i) {
      try {
        b.wait(b.cycle_task());
      } catch (const std::exception&) {
        ++deaths;
        break;
      }
    }
    b.world.dies_in = 0;
    b.restart();
    for (int i = 0; i < 4; ++i) CHECK(b.cycle().write == Write::ok);
    b.clock.advance(11min);  // what may still be on its way has to be seen gone twice
    CHECK(b.cycle().write == Write::ok);
    CHECK(std::get<model::WriteLook>(b.last.look).sentinel == Sentinel::present);
    CHECK(b.world.records.size() == 2);
    CHECK(b.ledger.records.size() == 2);
    if (grown) CHECK(b.ids() == made);
  }
  CHECK(deaths > 5);
}

TEST_CASE("keep: dropping takes everything away") {
  Bench b;
  b.settle_in();
  b.world.update_fails = kServerError;
  b.world.plant_stores_though_failing = true;
  b.cycle();
  CHECK(b.wait(b.probe->drop_all()) == 0);
  CHECK(b.world.records.empty());
  CHECK(b.ledger.records.empty());
}

TEST_CASE("keep: a ledger that refuses stops the update before it is sent") {
  Bench b;
  b.settle_in();
  const auto before = b.world.records;
  b.ledger.fails = true;
  CHECK(b.cycle().write == Write::unknown);
  CHECK(b.world.records == before);
}
