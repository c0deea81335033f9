#include "model/duration.h"

#include <catch2/catch.hpp>

using namespace deadcalm::model;

TEST_CASE("durations are read as people write them") {
  CHECK(parse_duration("250ms") == Millis{250});
  CHECK(parse_duration("10s") == Millis{10'000});
  CHECK(parse_duration("1h30m") == Millis{5'400'000});
  CHECK(parse_duration("30d") == Millis{30LL * 86'400'000});
  CHECK(parse_duration("0s") == Millis{0});
}

TEST_CASE("what is not a duration is refused") {
  for (const char* text :
       {"", "10", "s", "1.5s", "-1s", "10 s", "1m1h", "1s1s", "10sec", "99999999999999s", "40000000d"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a duration written out is read back as itself") {
  for (const std::int64_t ms : {0LL, 1LL, 999LL, 1000LL, 90'000LL, 3'600'000LL, 90'061'001LL}) {
    CHECK(parse_duration(to_text(Millis{ms})) == Millis{ms});
  }
  CHECK(to_text(Millis{90'000}) == "1m30s");
}

TEST_CASE("durations for people have two units at most") {
  CHECK(for_people(Millis{340}) == "340 ms");
  CHECK(for_people(Millis{4'200}) == "4 s");
  CHECK(for_people(Millis{360'000}) == "6 min");
  CHECK(for_people(Millis{7'500'000}) == "2 h 5 min");
  CHECK(for_people(Millis{2LL * 86'400'000 + 3'000}) == "2 d");
}

TEST_CASE("wall times are written in UTC") {
  const WallTime at = from_unix_millis(1'700'000'000'123);
  CHECK(rfc3339(at) == "2023-11-14T22:13:20Z");
  CHECK(clock_utc(at) == "22:13:20 UTC");
}
