// Worked numbers of silence: P1-P11, Q1-Q5.
#include "evaluator/silence.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace deadcalm::evaluator;

namespace {

Approx near(double value) {
  return Approx(value).epsilon(2e-4);
}

// Mon-Fri 09-18 3/h, else 0.2/h; Sat and Sun 10-16 0.4/h, else 0.05/h.
WeekProfile office_week() {
  WeekProfile week;
  for (std::size_t hour = 0; hour < 168; ++hour) {
    const std::size_t day = hour / 24, of_day = hour % 24;
    if (day < 5) {
      week.rate[hour] = of_day >= 9 && of_day < 18 ? 3 : 0.2;
    } else {
      week.rate[hour] = of_day >= 10 && of_day < 16 ? 0.4 : 0.05;
    }
  }
  return week;
}
constexpr double kFriday18 = 4 * 24 + 18;
constexpr double kTuesday10 = 24 + 10;

}  // namespace

TEST_CASE("P1: six quiet hours at 0.4 per hour are no evidence") {
  CHECK(chance_of_silence(0.4 * 6) == near(0.0907180));
  CHECK(phi(0.4 * 6) == near(1.04231));
}

TEST_CASE("P2, P3: how long silence must last") {
  CHECK(hours_for(0.05, 0.4) == near(7.489));
  CHECK(hours_for(0.01, 0.4) == near(11.513));
  CHECK(hours_for(0.001, 0.4) == near(17.269));
  CHECK(hours_for(1e-4, 0.4) == near(23.026));
  CHECK(hours_for(1e-3, 0.4) * 0.4 == near(expected_for(1e-3)));
  CHECK(phi(0.4 * 17.269) == near(3));
  CHECK(phi(0.4 * 46.052) == near(8));
}

TEST_CASE("P4, P5: who watches all the time sees false alarms more often") {
  CHECK(false_alarm_interval(0.4, 6) == near(27.558));
  CHECK(false_alarm_interval(0.4, 11.513) == near(250.0));
  CHECK(false_alarm_interval(0.4, 17.269) == near(2500));
  const double year = 8760;
  CHECK(hours_for_interval(0.1, year) == near(67.75));
  CHECK(hours_for_interval(0.4, year) == Approx(20.40).margin(5e-3));
  CHECK(hours_for_interval(2, year) == near(4.886));
  CHECK(hours_for_interval(10, year) == Approx(1.138).margin(5e-4));
  CHECK(hours_for_interval(60, year) == Approx(0.2195).margin(5e-5));
}

TEST_CASE("P6, P7: a rate learnt from little history makes silence less surprising") {
  CHECK(learnt_chance(8, 20, 6) == near(0.122589));
  CHECK(learnt_chance(8, 20, 17.269) == near(0.006877));
  CHECK(learnt_hours_for(0.001, 8, 20) == near(27.427));
  CHECK(learnt_chance(40, 100, 6) == near(0.097222));
  CHECK(learnt_hours_for(0.001, 40, 100) == near(18.850));
}

TEST_CASE("P8: so do events that come in bunches") {
  CHECK(bunched_chance(2.4, 1) == near(0.294118));
  CHECK(bunched_chance(2.4, 2) == near(0.206612));
  CHECK(bunched_chance(2.4, 5) == near(0.140829));
}

TEST_CASE("P9: a weekend after Friday 18:00 cannot be saved by waiting for orders") {
  const WeekProfile week = office_week();
  CHECK(expected_in(week, 0, 168) == near(156.6));
  CHECK(hours_until(week, kFriday18, expected_for(0.05)) == near(19.239));
  CHECK(hours_until(week, kFriday18, expected_for(0.01)) == near(32.103));
  CHECK(hours_until(week, kFriday18, expected_for(0.001)) == near(44.769));
  CHECK(hours_until(week, kFriday18, expected_for(1e-4)) == near(61.052));
}

TEST_CASE("P10: on a Tuesday morning two hours are enough") {
  const WeekProfile week = office_week();
  CHECK(hours_until(week, kTuesday10, expected_for(0.01)) == near(1.535));
  CHECK(hours_until(week, kTuesday10, expected_for(0.001)) == near(2.303));
  CHECK(hours_until(week, kTuesday10, expected_for(1e-4)) == near(3.070));
}

TEST_CASE("expected events and the hours until them are each other's inverse") {
  const WeekProfile week = office_week();
  for (double from = 0; from < 168; from += 7.3) {
    for (const double hours : {0.25, 3.0, 30.5, 168.0, 500.25}) {
      CHECK(hours_until(week, from, expected_in(week, from, hours)) == near(hours));
    }
  }
  CHECK(std::isinf(hours_until(WeekProfile{}, 0, 1)));
  CHECK(hours_until(week, 0, 0) == 0);
}

TEST_CASE("P11: suspicion of a late heartbeat") {
  CHECK(phi_of_gap(60, 60, 6) == near(0.30103));
  CHECK(phi_of_gap(66, 60, 6) == near(0.79955));
  CHECK(phi_of_gap(72, 60, 6) == near(1.64302));
  CHECK(phi_of_gap(78, 60, 6) == near(2.86970));
  CHECK(phi_of_gap(90, 60, 6) == near(6.54265));
}

TEST_CASE("Q1-Q3: the sequential test for a partial drop") {
  const SequentialTest test = sequential_test(0.001, 0.05);
  CHECK(test.dropped == near(6.856462));
  CHECK(test.normal == near(-2.994732));
  CHECK(silent_run(test, 0.1) == near(7.6183));
  CHECK(silent_run(test, 0.1) / 0.4 == near(19.046));
  CHECK(cost_of_event(0.1) / 0.4 == near(6.396));
  CHECK(silent_run(test, 0.5) / 0.4 == near(34.282));
  CHECK(cost_of_event(0.5) / 0.4 == near(3.466));
}

TEST_CASE("Q4, Q5: CUSUM under total silence") {
  struct Case {
    double ratio, limit, delay;
  };
  for (const Case c :
       {Case{0.1, 3, 3.33}, {0.1, 4, 4.44}, {0.1, 5, 5.56}, {0.5, 3, 6}, {0.5, 4, 8}, {0.5, 5, 10}}) {
    Cusum cusum(c.ratio, c.limit);
    double passed = 0;
    while (!cusum.alarm()) {
      cusum.expect(0.001);
      passed += 0.001;
    }
    CHECK(passed == Approx(c.delay).margin(0.01));
  }
}

TEST_CASE("CUSUM forgets with each event, and does not go below zero") {
  Cusum cusum(0.1, 3);
  cusum.expect(3);
  CHECK(cusum.sum() == Approx(2.7));
  cusum.see_event();
  CHECK(cusum.sum() == Approx(2.7 - std::log(10)));
  cusum.see_event();
  CHECK(cusum.sum() == 0);
}

TEST_CASE("silence is judged only with enough history, and by its chance") {
  CHECK(judge_silence(9, 100) == Silence::too_little_history);
  CHECK(judge_silence(10'000, 6.8) == Silence::usual);
  CHECK(judge_silence(10'000, 7.0) == Silence::unlikely);
  CHECK(judge_silence(10'000, 9.3) == Silence::very_unlikely);
  CHECK(judge_silence(10, 9.3) == Silence::usual);  // what ten events teach is not much
  CHECK(judge_silence(10, 10.0) == Silence::unlikely);
}
