// The ladder of sentinels in the write cycle: kept, read, missed, found again, altered, accepted.
#include "tests/probes/write_bench.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::RecordState;
using model::Write;
using tests::kServerError;

namespace {

// A probe with a ladder: minutes between cycles, so that an hour is a few of them.
struct LadderBench : tests::WriteBench {
  LadderBench() { restart_with({1h}); }
  void restart_with(std::vector<model::Millis> rungs) {
    options.sentinels = std::move(rungs);
    options.verify_every = 10min;
    restart();
  }
  void live(model::Millis how_long, model::Millis interval = 5min) {
    for (model::Millis passed{0}; passed < how_long; passed += interval) {
      clock.advance(interval);
      REQUIRE(cycle().write == Write::ok);
    }
  }
  std::string oldest() const {
    for (const auto& [seq, record] : ledger.records) {
      if (record.state == RecordState::sentinel) return record.id;
    }
    return {};
  }
};

}  // namespace

TEST_CASE("a ladder keeps verified records for their age, on the ledger and in the backend") {
  LadderBench b;
  b.live(250min);
  CHECK(b.count(RecordState::sentinel) == 2);
  CHECK(b.count(RecordState::kept) == 1);
  CHECK(b.world.records.size() == 3);
  CHECK(b.last.detail.empty());
  const auto look = b.cycle();
  CHECK(look.rungs_expected == 3);
  CHECK(look.rungs_missing == 0);
  CHECK(look.sentinel == model::Sentinel::present);

  SECTION("rungs that are no longer configured are removed") {
    b.restart_with({});
    b.live(5min);
    CHECK(b.world.records.size() == 1);
    CHECK(b.ledger.records.size() == 1);
  }
  SECTION("dropping takes them all") {
    CHECK(b.wait(b.probe->drop_all()) == 0);
    CHECK(b.world.records.empty());
    CHECK(b.ledger.records.empty());
  }
}

TEST_CASE("older rungs are read every ten minutes, and at once when in doubt") {
  LadderBench b;
  b.live(250min);
  b.clock.advance(1s);
  const int before = b.world.reads;
  b.cycle();
  const int plain = b.world.reads - before;  // the new one, the kept one, the removed one
  b.world.records.erase(b.oldest());
  b.clock.advance(1s);
  CHECK(b.cycle().rungs_missing == 0);  // not yet looked at
  SECTION("after its time") {
    b.clock.advance(10min);
    CHECK(b.cycle().rungs_missing == 1);
  }
  SECTION("after a failed write") {
    b.world.plant_fails = kServerError;
    b.world.proves_identity = true;
    CHECK(b.cycle().rungs_missing == 1);
  }
  SECTION("after a restart") {
    b.restart_with({1h});
    CHECK(b.cycle().rungs_missing == 1);
  }
  CHECK(plain == 3);
}

TEST_CASE("one rung gone between intact ones is a small loss, and stays told until it is back or accepted") {
  LadderBench b;
  b.live(250min);
  const std::string id = b.oldest();
  const std::string token = b.world.records[id];
  b.world.records.erase(id);
  b.clock.advance(10min);
  const auto look = b.cycle();
  CHECK(look.sentinel == model::Sentinel::missing);
  CHECK(look.rungs_expected == 3);
  CHECK(look.rungs_missing == 1);
  CHECK_FALSE(look.newest_rung_missing);
  CHECK(b.cycle().rungs_missing == 1);
  SECTION("found again: a sentinel as before") {
    b.world.records[id] = token;
    const auto again = b.cycle();
    CHECK(again.rungs_missing == 0);
    CHECK(again.rungs_expected == 3);
    CHECK(again.sentinel == model::Sentinel::present);
  }
  SECTION("never planted again silently, and no graver when what was newer has left the ladder") {
    b.live(3h);
    CHECK_FALSE(b.cycle().newest_rung_missing);
    CHECK_FALSE(b.world.records.contains(id));
    CHECK(b.count(RecordState::missing) == 1);
  }
  SECTION("accepted") {
    CHECK(b.wait(b.probe->accept_generation()));
    CHECK(b.cycle().rungs_missing == 0);
    CHECK(b.count(RecordState::missing) == 0);
  }
}

TEST_CASE("a restore from an old backup is bounded by what survived") {
  LadderBench b;
  b.live(250min);
  const auto backup = b.world.records;
  model::WallTime newest_then{};
  for (const auto& [seq, record] : b.ledger.records) newest_then = std::max(newest_then, record.planted);
  b.live(40min);
  b.world.records = backup;  // forty minutes are gone
  const auto look = b.cycle();
  CHECK(look.sentinel == model::Sentinel::missing);
  CHECK(look.newest_rung_missing);
  REQUIRE(look.newest_surviving);
  REQUIRE(look.oldest_missing);
  CHECK(*look.newest_surviving <= newest_then);
  CHECK(*look.oldest_missing > newest_then);
}

TEST_CASE("an emptied table loses every rung in one look, a truncated one the page counts") {
  LadderBench b;
  b.live(250min);
  b.world.records.clear();
  const auto look = b.cycle();
  CHECK(look.rungs_expected == 3);
  CHECK(look.rungs_missing == 3);
  CHECK(look.newest_rung_missing);
  CHECK_FALSE(look.newest_surviving);
  CHECK(look.oldest_missing);
  CHECK(b.cycle().rungs_missing == 3);
}

TEST_CASE("rungs that are hidden from us are not missing") {
  LadderBench b;
  b.live(250min);
  b.world.plant_fails = kServerError;
  b.world.hides_everything = true;
  const auto look = b.cycle();
  CHECK(look.sentinel == model::Sentinel::unknown);
  CHECK(b.count(RecordState::missing) == 0);
}

TEST_CASE("a rung that holds something else is altered, not missing") {
  LadderBench b;
  b.live(250min);
  b.world.records[b.oldest()] = "somebody else's text";
  b.clock.advance(10min);
  const auto look = b.cycle();
  CHECK(look.sentinel == model::Sentinel::reset);
  CHECK(look.altered);
  CHECK(look.rungs_missing == 0);
  CHECK(b.cycle().altered);  // until a person accepts
  CHECK(b.wait(b.probe->accept_generation()));
  CHECK_FALSE(b.cycle().altered);
  CHECK(std::ranges::count(b.world.records, "somebody else's text",
                           &std::pair<const std::string, std::string>::second) == 1);
}

TEST_CASE("a kept record that was altered stays told, and is not removed") {
  LadderBench b;
  b.cycle();
  const std::string id = b.world.records.begin()->first;
  b.world.records[id] = "somebody else's text";
  for (int i = 0; i < 3; ++i) {
    const auto look = b.cycle();
    CHECK(look.sentinel == model::Sentinel::reset);
    CHECK(look.altered);
    CHECK_FALSE(look.oldest_missing);
  }
  CHECK(b.world.records[id] == "somebody else's text");
  CHECK(b.wait(b.probe->drop_all()) == 0);
  CHECK(b.world.records.size() == 1);
}
