#include "probes/restraint.h"

#include <catch2/catch.hpp>

#include "tests/probes/write_bench.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::RecordState;
using model::SteadyTime;
using model::Write;
using probes::Backoff;
using probes::DayBudget;
using tests::WriteBench;

namespace {

const SteadyTime kStart{1h};
const probes::StepFailure kThrottled{Write::throttle, "HTTP 429", false, false, false};

}  // namespace

TEST_CASE("the least budget lets the regular looks through, all day long") {
  for (const model::Millis interval : {1s, 7s, 60s, 300s}) {
    DayBudget budget(probes::least_canaries_a_day(interval));
    int refused = 0;
    for (SteadyTime now = kStart; now < kStart + 48h; now += interval) refused += budget.take(now) ? 0 : 1;
    CHECK(refused == 0);
  }
}

TEST_CASE("no 24 hours see more than the budget, however much is wanted and however often it restarts") {
  constexpr int kLimit = 2000;
  std::vector<SteadyTime> taken;
  DayBudget budget(kLimit);
  for (SteadyTime now = kStart; now < kStart + 72h; now += 5s) {
    if ((now - kStart) % 6h == 0ms) budget = DayBudget(kLimit);  // a new process
    if (budget.take(now)) taken.push_back(now);
  }
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < taken.size(); ++last) {
    while (taken[last] - taken[first] >= 24h) ++first;
    most = std::max(most, last - first + 1);
  }
  CHECK(most <= kLimit);
  CHECK(most >= kLimit * 9 / 10);
}

TEST_CASE("a budget that is used up says when there is one again; none is no limit") {
  DayBudget budget(1440 * 2);
  REQUIRE(budget.take(kStart));
  REQUIRE_FALSE(budget.take(kStart));
  const SteadyTime next = budget.next();
  CHECK(next > kStart + 25s);
  CHECK(next < kStart + 40s);
  CHECK_FALSE(budget.take(next - 1s));
  CHECK(budget.take(next));
  DayBudget none(0);
  for (int i = 0; i < 10'000; ++i) REQUIRE(none.take(kStart));
}

TEST_CASE("a throttling backend is asked at regular looks, then at every second, then at every fourth") {
  Backoff backoff(60s);
  const auto looks_until_asked = [&](SteadyTime at) {
    int looks = 1;
    while (backoff.holds(at + looks * 60s)) ++looks;
    return looks;
  };
  CHECK_FALSE(backoff.holds(kStart));
  backoff.throttled(kStart, {});
  CHECK(backoff.holds(kStart + 10s));  // a recheck
  CHECK(looks_until_asked(kStart) == 1);
  backoff.throttled(kStart, {});
  CHECK(looks_until_asked(kStart) == 2);
  for (int i = 0; i < 5; ++i) backoff.throttled(kStart, {});
  CHECK(looks_until_asked(kStart) == 4);
  backoff.answered();
  CHECK_FALSE(backoff.holds(kStart));
  SECTION("as long as it asks for, ten minutes at most") {
    backoff.throttled(kStart, 7min);
    CHECK(looks_until_asked(kStart) == 7);
    backoff.throttled(kStart, 24h);
    CHECK(looks_until_asked(kStart) == 10);
  }
}

TEST_CASE("what a throttled cycle does: nothing is sent while it is left alone, and the look says so") {
  WriteBench b;
  b.restart();
  b.cycle();
  b.world.plant_fails = kThrottled;
  b.world.plant_fails->retry_after = 150s;
  b.clock.advance(60s);
  CHECK(b.cycle().write == Write::throttle);
  const int plants = b.world.plants, reads = b.world.reads;
  b.world.plant_fails.reset();
  b.clock.advance(60s);
  CHECK(b.cycle().write == Write::throttle);
  CHECK(b.last.detail.starts_with("throttled 1 times in a row: left alone until "));
  CHECK(b.world.plants == plants);
  CHECK(b.world.reads == reads);
  b.clock.advance(100s);
  CHECK(b.cycle().write == Write::ok);
}

TEST_CASE("a used up budget plants nothing, and still reads what was kept") {
  WriteBench b;
  b.options.budget.canaries_a_day = 1600;
  b.restart();
  CHECK(b.cycle().write == Write::ok);
  const int plants = b.world.plants;
  const auto look = b.cycle();  // at once: there is no regular look without its canary
  CHECK(look.write == Write::unknown);
  CHECK(look.sentinel == model::Sentinel::present);
  CHECK(b.last.step == "budget");
  CHECK_THAT(b.last.detail, Catch::StartsWith("nothing is planted before ") &&
                                Catch::EndsWith("the budget is 1600 canaries a day"));
  CHECK(b.world.plants == plants);
  b.clock.advance(60s);
  CHECK(b.cycle().write == Write::ok);
}

TEST_CASE("records that cannot be removed are bounded: the oldest has to go before another is planted") {
  WriteBench b;
  b.options.budget.live_records = 6;
  b.restart();
  b.world.remove_fails = probes::StepFailure{Write::auth, "HTTP 403", false, false, false};
  for (int i = 0; i < 6; ++i) {
    CHECK(b.cycle().write == Write::ok);
    b.clock.advance(60s);
  }
  CHECK(b.world.records.size() == 6);
  for (int i = 0; i < 5; ++i) {
    const auto look = b.cycle();
    CHECK(look.write == Write::auth);
    CHECK(b.last.step == "clean-up");
    CHECK_THAT(b.last.detail, Catch::StartsWith("HTTP 403 (6 records of ours are there"));
    b.clock.advance(60s);
  }
  CHECK(b.world.records.size() == 6);
  b.world.remove_fails.reset();
  CHECK(b.cycle().write == Write::ok);
  CHECK(b.world.records.size() == 1);
}

TEST_CASE("a removal that shows only after a while is none that failed; one that never shows is a leftover") {
  WriteBench b;
  b.restart();
  b.cycle();
  b.world.removed_visible_for = 3s;  // the limit is 5 s
  b.clock.advance(60s);
  b.cycle();
  CHECK(b.count(RecordState::retired) == 0);
  b.world.removed_visible_for = 20s;
  b.clock.advance(60s);
  b.cycle();
  CHECK(b.count(RecordState::retired) == 1);
  b.clock.advance(60s);
  b.world.removed_visible_for = 0s;
  b.cycle();
  CHECK(b.count(RecordState::retired) == 0);
}

TEST_CASE("older records that a restore brought back go when a person accepts the state") {
  WriteBench b;
  b.restart();
  b.cycle();
  const auto backup = b.world.records;
  for (int i = 0; i < 3; ++i) b.cycle();
  b.world.records = backup;
  b.world.records["theirs"] =
      encode(model::Token{"t2-orders", 1, b.clock.now().wall, "abcd1234"}, tests::kKey);
  b.world.records["forged"] = "dc1.t1-orders.2.1788177600000.abcd1234.000000000000000000000000";
  const model::Token future{"t1-orders", 900, b.clock.now().wall,
                            "abcd1234"};  // a clone's, not ours to remove
  b.world.records["clone"] = encode(future, tests::kKey);
  REQUIRE(b.wait(b.probe->accept_generation()));
  const auto forgotten = b.wait(b.probe->remove_forgotten());
  CHECK(forgotten.searched);
  CHECK(forgotten.removed == 1);
  CHECK(forgotten.left == 0);
  CHECK_FALSE(b.world.records.contains(backup.begin()->first));
  CHECK(b.world.records.contains("theirs"));
  CHECK(b.world.records.contains("forged"));
  CHECK(b.world.records.contains("clone"));
  SECTION("one that cannot be removed is on the ledger, and goes with a later cycle") {
    b.world.records = backup;
    b.world.remove_fails = tests::kServerError;
    CHECK(b.wait(b.probe->remove_forgotten()).left == 1);
    b.restart();
    b.world.remove_fails.reset();
    b.cycle();
    CHECK_FALSE(b.world.records.contains(backup.begin()->first));
  }
}
