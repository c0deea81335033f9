#include "monitor/schedule.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

using namespace deadcalm;
using namespace std::chrono_literals;
using monitor::Agenda;
using monitor::SteadyTime;

TEST_CASE("looks of one interval spread over it and keep their places") {
  std::map<SteadyTime, int> starts;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "service-" + std::to_string(i);
    const SteadyTime from{123'456ms};
    const SteadyTime first = monitor::first_start(name, 10s, from);
    CHECK(first >= from);
    CHECK(first < from + 10s);
    CHECK(monitor::first_start(name, 10s, from + 30s) == first + 30s);
    ++starts[first];
  }
  CHECK(starts.size() == 100);  // a grid of 100 ms
  for (const auto& [at, count] : starts) CHECK(count < 170);
}

TEST_CASE("missed starts are skipped, not caught up") {
  const SteadyTime due{1000s};
  CHECK(monitor::next_start(due, 10s, due) == due + 10s);
  CHECK(monitor::next_start(due, 10s, due + 9s) == due + 10s);
  CHECK(monitor::next_start(due, 10s, due + 10s) == due + 20s);
  CHECK(monitor::next_start(due, 10s, due + 95s) == due + 100s);
}

TEST_CASE("the agenda gives what is due, earliest first, and forgets what was replaced") {
  Agenda agenda(3);
  CHECK(agenda.earliest() == Agenda::kNever);
  agenda.set(0, SteadyTime{30s});
  agenda.set(1, SteadyTime{20s});
  agenda.set(2, SteadyTime{40s});
  agenda.set(2, SteadyTime{10s});  // sooner
  agenda.set(1, SteadyTime{50s});  // later
  Agenda::Id id = 0;
  SteadyTime due;
  CHECK(agenda.earliest() == SteadyTime{10s});
  REQUIRE(agenda.take(SteadyTime{35s}, id, due));
  CHECK(id == 2);
  CHECK(due == SteadyTime{10s});
  REQUIRE(agenda.take(SteadyTime{35s}, id, due));
  CHECK(id == 0);
  CHECK_FALSE(agenda.take(SteadyTime{35s}, id, due));
  agenda.clear(1);
  CHECK(agenda.earliest() == Agenda::kNever);
}
