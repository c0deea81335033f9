// Worked numbers of false pages and delay: P12, H1-H8.
#include "evaluator/false_pages.h"

#include <catch2/catch.hpp>

using namespace deadcalm::evaluator;
using namespace std::chrono_literals;

namespace {
Approx near(double value) {
  return Approx(value).epsilon(2e-4);
}
constexpr double kMinutesPerDay = 1440;
}  // namespace

TEST_CASE("P12: what looks without a failure prove") {
  CHECK(upper_bound_of_p(60) == near(0.04870));
  CHECK(upper_bound_of_p(300) == Approx(0.00994).margin(5e-6));
  CHECK(upper_bound_of_p(1440) == Approx(0.00208).margin(5e-6));
}

TEST_CASE("H1, H2: looks in a row that fail by chance") {
  CHECK(looks_to_false_page(0.01, 1) == near(100));
  CHECK(looks_to_false_page(0.01, 2) == near(10'100));
  CHECK(looks_to_false_page(0.01, 3) == near(1'010'100));
  CHECK(looks_to_false_page(0.05, 2) == near(420));
  CHECK(looks_to_false_page(0.05, 3) == near(8'420));
  CHECK(looks_to_false_page(0.05, 5) == near(3'368'420));
}

TEST_CASE("H3: bursts make that a lie") {
  CHECK(looks_to_false_page_in_bursts(0.01, 3, 0.5) == near(800));
}

TEST_CASE("H4-H6: m of the last n, exactly") {
  CHECK(looks_to_m_of_n(0.01, 3, 5) == near(172'929.9));
  CHECK(looks_to_m_of_n(0.05, 3, 5) == near(1608.44));
  CHECK(looks_to_m_of_n(0.01, 2, 3) == near(5125.13));
  CHECK(looks_to_m_of_n(0.05, 2, 3) == near(225.128));
  CHECK(looks_to_m_of_n(0.5, 3, 3) == near(14));
  CHECK(looks_to_m_of_n(0.5, 3, 5) == near(7.268));
  CHECK(looks_to_m_of_n(0.5, 2, 3) == near(4.667));
}

TEST_CASE("n of n is the same as in a row") {
  for (const int n : {1, 2, 3, 4, 8}) CHECK(looks_to_m_of_n(0.3, n, n) == near(looks_to_false_page(0.3, n)));
}

TEST_CASE("H7: two of three vantage points, two rounds") {
  const double x1 = chance_of_m_vantages(0.01, 2, 3), x5 = chance_of_m_vantages(0.05, 2, 3);
  CHECK(x1 == near(0.000298));
  CHECK(x5 == near(0.00725));
  CHECK(looks_to_false_page(x1, 2) / kMinutesPerDay / 365.25 == Approx(21.4).margin(0.05));
  CHECK(looks_to_false_page(x5, 2) / kMinutesPerDay == Approx(13.31).margin(0.01));
}

TEST_CASE("H8: how long until it is certain") {
  struct Case {
    deadcalm::model::Millis interval;
    int in_a_row;
    deadcalm::model::Millis recheck, timeout, worst, mean;
  };
  for (const Case& c : {Case{60s, 3, 60s, 10s, 190s, 160s},
                        {60s, 3, 10s, 10s, 90s, 60s},
                        {30s, 2, 30s, 10s, 70s, 55s},
                        {300s, 2, 30s, 30s, 360s, 210s}}) {
    const Detection d = detection(c.interval, c.in_a_row, c.recheck, c.timeout);
    CHECK(d.worst == c.worst);
    CHECK(d.mean == c.mean);
  }
}
