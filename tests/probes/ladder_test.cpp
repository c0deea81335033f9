// Which canaries stay as sentinels, and what follows from those that survived.
#include "probes/ladder.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Record;
using model::WallTime;

namespace {

const std::vector<model::Millis> kRungs{1h, 24h, 720h};

Record at(WallTime planted, std::uint64_t seq = 1) {
  Record record;
  record.seq = seq;
  record.planted = planted;
  return record;
}

// A probe that plants every `interval` for `how_long`; `look` sees the ladder after each step.
template <class Look>
void live(model::Millis interval, model::Millis how_long, Look look) {
  const WallTime start = model::from_unix_millis(1'800'000'123'456);
  std::vector<Record> ladder;
  std::uint64_t seq = 0;
  for (model::Millis passed{0}; passed <= how_long; passed += interval) {
    const WallTime now = start + passed;
    ladder.push_back(at(now, ++seq));
    const auto stay = probes::on_ladder(kRungs, ladder, now);
    std::erase_if(ladder, [&](const Record& r) { return !std::ranges::binary_search(stay, r.seq); });
    look(ladder, passed, now);
  }
}

}  // namespace

TEST_CASE("at any moment there is a sentinel of about each age, and never more than two a rung") {
  std::size_t most = 0;
  live(5min, 3 * 720h, [&](const std::vector<Record>& ladder, model::Millis passed, WallTime now) {
    most = std::max(most, ladder.size());
    for (const model::Millis rung : kRungs) {
      if (passed < rung) continue;
      const bool one = std::ranges::any_of(
          ladder, [&](const Record& r) { return now - r.planted >= rung / 2 && now - r.planted <= rung; });
      if (!one) FAIL("no sentinel of " << rung.count() << " ms after " << passed.count() << " ms");
    }
  });
  CHECK(most <= probes::most_on_ladder(kRungs));
  CHECK(most >= 4);
}

TEST_CASE("after a long pause the last one before it stays, however old") {
  const WallTime now = model::from_unix_millis(1'800'000'000'000);
  const std::vector<Record> records{at(now - 2000h, 1), at(now - 1900h, 2), at(now, 3)};
  const auto stay = probes::on_ladder({1h}, records, now);
  CHECK(stay == std::vector<std::uint64_t>{2, 3});
}

TEST_CASE("without rungs nothing stays") {
  CHECK(probes::on_ladder({}, {at(model::from_unix_millis(1))}, model::from_unix_millis(2)).empty());
}

TEST_CASE("what survived bounds the loss") {
  const WallTime day = model::from_unix_millis(1'800'000'000'000);
  const auto hours = [&](int h) { return day + std::chrono::hours{h}; };
  SECTION("restored from a backup: the older ones are there") {
    const auto bounds = probes::loss_bounds({at(hours(1)), at(hours(5))}, {at(hours(6)), at(hours(9))});
    CHECK(bounds.newest_surviving == hours(5));
    CHECK(bounds.oldest_missing == hours(6));
  }
  SECTION("planted after the loss: says nothing about it") {
    const auto bounds = probes::loss_bounds({at(hours(1)), at(hours(20))}, {at(hours(6)), at(hours(9))});
    CHECK(bounds.newest_surviving == hours(1));
  }
  SECTION("recreated empty: nothing survived") {
    const auto bounds = probes::loss_bounds({}, {at(hours(6)), at(hours(9))});
    CHECK_FALSE(bounds.newest_surviving);
    CHECK(bounds.oldest_missing == hours(6));
  }
  SECTION("single records deleted: nothing follows") {
    const auto bounds = probes::loss_bounds({at(hours(1)), at(hours(7))}, {at(hours(6)), at(hours(9))});
    CHECK_FALSE(bounds.newest_surviving);
    CHECK_FALSE(bounds.oldest_missing);
  }
  SECTION("nothing missing") {
    CHECK_FALSE(probes::loss_bounds({at(hours(1))}, {}).oldest_missing);
  }
}

TEST_CASE("a missing record was the newest unless a newer one was there when it was missed") {
  const WallTime day = model::from_unix_millis(1'800'000'000'000);
  const Record missing = at(day);
  const WallTime looked = day + 10h;
  CHECK_FALSE(probes::was_newest(missing, {at(day + 1h)}, looked));
  CHECK(probes::was_newest(missing, {at(day - 1h)}, looked));
  CHECK(probes::was_newest(missing, {at(day + 10h)}, looked));  // planted when it was already gone
  CHECK(probes::was_newest(missing, {}, looked));
}
