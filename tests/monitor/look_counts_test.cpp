#include "monitor/look_counts.h"

#include <catch2/catch.hpp>

using namespace deadcalm;
using namespace std::chrono_literals;
using monitor::LookCounts;

namespace {

const model::WallTime kNoon = model::from_unix_millis(1'788'177'600'000);  // 2026-08-31, 12:00 UTC

LookCounts after(int days, int failed_each_day = 0) {
  LookCounts counts;
  for (int day = 0; day < days; ++day) {
    for (int look = 0; look < 10; ++look)
      counts.count(kNoon + day * 24h + look * 1min, look < failed_each_day);
  }
  return counts;
}

}  // namespace

TEST_CASE("nothing is measured before seven days have passed since the first look") {
  const LookCounts counts = after(8, 1);
  CHECK_FALSE(monitor::measured({}, kNoon));
  CHECK_FALSE(monitor::measured(counts, kNoon + 7 * 24h - 1ms));
  const auto week = monitor::measured(counts, kNoon + 7 * 24h);
  REQUIRE(week);
  CHECK(week->looks == 80);
  CHECK(week->failed == 8);
}

TEST_CASE("thirty days are kept, and the seven days are not asked for again") {
  const LookCounts counts = after(100, 2);
  CHECK(counts.days.size() == 30);
  CHECK(counts.days.front().day + 29 == counts.days.back().day);
  CHECK(counts.began == kNoon);
  CHECK(monitor::measured(counts, kNoon + 100 * 24h)->looks == 300);
}

TEST_CASE("a hole in the days takes old ones along; a clock set back goes on with the newest day") {
  LookCounts counts = after(10);
  counts.count(kNoon + 200 * 24h, true);
  REQUIRE(counts.days.size() == 1);
  counts.count(kNoon, false);
  REQUIRE(counts.days.size() == 1);
  CHECK(counts.days[0].looks == 2);
  CHECK(counts.days[0].failed == 1);
}

TEST_CASE("look counts as JSON") {
  const LookCounts counts = after(3, 1);
  CHECK(monitor::look_counts_from_json(monitor::to_json(counts)) == counts);
  CHECK(monitor::look_counts_from_json(monitor::to_json(LookCounts{})) == LookCounts{});
  for (const char* bad : {"", "[]", R"({"version":2,"days":[]})", R"({"version":1})",
                          R"({"version":1,"days":[[1,2]]})", R"({"version":1,"days":[[1,2,3]]})",
                          R"({"version":1,"days":[[1,-2,0]]})", R"({"version":1,"days":[],"began":"x"})"}) {
    INFO(bad);
    CHECK_FALSE(monitor::look_counts_from_json(bad));
  }
}
