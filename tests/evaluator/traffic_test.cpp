// Who else writes, and when silence means something: counts in, the traffic signal out.
#include "evaluator/traffic.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator;
using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::Count;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::Policy;

namespace {

// 2026-08-31, a Monday, 00:00 UTC.
const Instant kMonday{from_unix_millis(1'788'134'400'000), SteadyTime{Millis{5'000'000}}};

Policy counting() {
  Policy policy = usual_policy();
  policy.traffic = CountSource{.name = "committed"};
  return policy;
}

// One source, counted every `interval` over `window`; commits come at a rate per hour that a test gives.
struct Counter {
  Policy policy = counting();
  TrafficHistory history;
  Instant now = kMonday;
  Millis window = 5min, interval = 1min;
  bool learn = true;
  TrafficLook last;

  TrafficLook count(double commits) {
    const Count count{now + -window, now, commits};
    last = judge_count(policy, history, count, false, learn);
    now = now + interval;
    return last;
  }
  // Every look sees what the rate brings on average.
  void run(Millis time, const std::function<double(double hour_of_week)>& rate) {
    const Instant end = now + time;
    while (now.steady < end.steady) {
      const double hours = static_cast<double>((now.wall - kMonday.wall).count()) / 3'600'000;
      count(rate(std::fmod(hours + 168 * 1000, 168)) * static_cast<double>(window.count()) / 3'600'000);
    }
  }
  // With nothing committed until it is told; how long that took.
  Millis silence(Millis at_most = 24h * 30) {
    const Instant from = now;
    while (now.steady - from.steady < at_most) {
      if (count(0).traffic == Traffic::silent) break;
    }
    return now.steady - interval - from.steady;
  }
};

double office_hours(double hour) {
  const int day = static_cast<int>(hour / 24);
  const double at = std::fmod(hour, 24);
  if (day < 5) return at >= 9 && at < 18 ? 30 : 0;
  return 0;
}

const auto steady_rate = [](double per_hour) { return [per_hour](double) { return per_hour; }; };

}  // namespace

TEST_CASE("a steady source that stops is told in minutes") {
  Counter orders;
  orders.run(24h * 8, steady_rate(60));
  CHECK(orders.last.traffic == Traffic::active);
  CHECK(orders.last.expected == Approx(5));
  // ln(8760 * 60) = 13.2 commits must be missing; the window of the last look with some is not silent yet.
  const Millis took = orders.silence();
  CHECK(took >= 8min);
  CHECK(took <= 16min);
  CHECK(orders.last.observed == 0);
  CHECK(orders.last.surprise >= 13.1);
  CHECK(orders.last.expected == orders.last.surprise);
  CHECK(orders.now.wall - orders.last.window_start.wall >= 13min);  // since when
}

TEST_CASE("a quiet weekend is neither silence nor a proof of life; a quiet Monday morning is told") {
  Counter orders;
  orders.interval = 5min;
  orders.run(24h * 28, office_hours);
  orders.run(24h * 4 + 18h, office_hours);  // until Friday, 18:00
  while (orders.now.wall < (kMonday + 24h * 35 + 9h).wall) {
    orders.count(0);
    CHECK(orders.last.traffic == Traffic::unknown);
  }
  const Millis took = orders.silence(9h);
  CHECK(took >= 15min);
  CHECK(took <= 45min);
}

TEST_CASE("in its first week, and below ten commits, a source says nothing about silence") {
  Counter young;
  young.run(24h * 6, steady_rate(60));
  CHECK(young.silence(23h) == 23h - 1min);
  CHECK(young.last.traffic == Traffic::unknown);

  Counter rare;
  rare.interval = rare.window = 1h;
  for (int week = 0; week < 3; ++week) {
    for (int hour = 0; hour < 168; ++hour) rare.count(hour % 84 == 0 ? 1 : 0);
  }
  CHECK(rare.silence(24h * 60) == 24h * 60 - 1h);
}

TEST_CASE("an outage is never learnt as usual") {
  Counter orders, same;
  for (Counter* counter : {&orders, &same}) counter->run(24h * 14, steady_rate(60));
  const Millis before = same.silence();
  orders.learn = false;  // our write fails for a day, and nobody else writes
  for (int i = 0; i < 60 * 24; ++i) orders.count(0);
  orders.learn = true;
  orders.run(2h, steady_rate(60));
  CHECK(orders.silence() == before);
  // The same where nothing of ours failed: a silence that was told.
  same.silence(24h);
  for (int i = 0; i < 60 * 24; ++i) same.count(0);
  same.run(2h, steady_rate(60));
  for (const Counter* counter : {&orders, &same}) {
    const auto& hours = counter->history.hours;
    CHECK(std::accumulate(hours.begin(), hours.end(), 0.0) == Approx(14 * 24 + 2).margin(0.2));
  }
}

TEST_CASE("an hour in which nothing comes is learnt as such once the silence is over") {
  Counter orders;
  const auto busy_after_noon = [](double hour) { return std::fmod(hour, 24) >= 12 ? 20.0 : 0.0; };
  orders.run(24h * 14, busy_after_noon);
  CHECK(orders.history.hours[3] == Approx(1).margin(0.2));  // the first week it was not yet over at the end
  CHECK(orders.history.commits[3] == 0);
  CHECK(orders.history.commits[13] / orders.history.hours[13] == Approx(20).epsilon(0.05));
}

TEST_CASE("a hole between two counts may have held commits") {
  Counter orders;
  orders.run(24h * 8, steady_rate(60));
  orders.count(0);
  orders.now = orders.now + 20min;  // nobody counted
  orders.count(0);
  CHECK(orders.last.traffic == Traffic::unknown);
  CHECK(orders.last.surprise < 6);
}

TEST_CASE("commits in bunches make silence less surprising") {
  Counter even, bunched;
  for (Counter* counter : {&even, &bunched}) counter->interval = 5min;
  for (int i = 0; i < 12 * 24 * 21; ++i) {
    even.count(5);
    bunched.count(i % 10 == 0 ? 50 : 0);
  }
  CHECK(bunched.silence() > 3 * even.silence());
}

TEST_CASE("by chance, silence is told at most about once a year") {
  for (const double rate : {0.5, 5.0, 60.0}) {
    Counter orders;
    orders.interval = orders.window = 5min;
    orders.run(24h * 7 * 8, steady_rate(rate));
    std::mt19937 random(4711);
    std::poisson_distribution<int> commits(rate / 12);
    int told = 0;
    bool silent = false;
    for (int i = 0; i < 12 * 24 * 365 * 2; ++i) {
      const bool now = orders.count(commits(random)).traffic == Traffic::silent;
      told += now && !silent ? 1 : 0;
      silent = now;
    }
    INFO(rate);
    CHECK(told <= 4);  // in two years
  }
}

TEST_CASE("a clock that was set back neither stops the learning nor makes a silence") {
  Counter orders;
  orders.run(24h * 8, steady_rate(60));
  orders.now.wall -= 24h * 30;
  orders.count(5);
  CHECK(orders.last.traffic == Traffic::active);
  CHECK(orders.history.learnt_until == (orders.now + -orders.interval).wall);
  orders.count(0);
  CHECK(orders.last.traffic == Traffic::unknown);
}

TEST_CASE("while our write fails three commits after that are needed, and the window begins there") {
  const Instant failing = kMonday;
  CHECK(window_to_count(5min, std::nullopt, kMonday) == 5min);
  CHECK(window_to_count(5min, failing, kMonday + 900ms) == std::nullopt);
  CHECK(window_to_count(5min, failing, kMonday + 61'900ms) == 61s);  // never a moment before
  CHECK(window_to_count(5min, failing, kMonday + 10min) == 5min);

  struct Row {
    double commits;
    bool failing;
    Traffic wanted;
  };
  const Row rows[] = {{0, true, Traffic::unknown}, {2.9, true, Traffic::unknown},
                      {3, true, Traffic::active},  {0, false, Traffic::unknown},
                      {1, false, Traffic::active}, {0.3, false, Traffic::unknown}};
  for (const Row& row : rows) {
    INFO(row.commits << (row.failing ? " while failing" : ""));
    TrafficHistory history;
    const Count count{kMonday, kMonday + 60s, row.commits};
    CHECK(judge_count(counting(), history, count, row.failing, false).traffic == row.wanted);
  }
}

TEST_CASE("since when writes fail: the end of the first failed look, of the write that failed last") {
  Policy policy = counting();
  policy.writes = {{.name = "api", .stream = "s1"}, {.name = "db", .stream = "s2"}};
  Story story(policy);
  story.look("api", write_ok()).look("db", write_ok());
  CHECK_FALSE(failing_since(policy, story.state));
  CHECK(learns(policy, story.state));
  story.pass(60s).look("api", write_fails());
  const Instant first = story.now + 100ms;
  CHECK(failing_since(policy, story.state) == first);
  CHECK_FALSE(learns(policy, story.state));
  story.pass(10s).look("api", write_fails());
  CHECK(failing_since(policy, story.state) == first);
  story.pass(10s).look("db", write_fails(Write::auth));
  CHECK(failing_since(policy, story.state) == story.now + 100ms);
  story.pass(10s).look("db", write_ok()).look("api", write_unknown());
  CHECK(failing_since(policy, story.state) == first);  // unknown neither ends nor begins it
  story.pass(10s).look("api", write_ok());
  CHECK_FALSE(failing_since(policy, story.state));
}

TEST_CASE("commits from before our write failed prove nothing") {
  Story story(counting());
  TrafficLook active;
  active.traffic = Traffic::active;
  story.healthy().look("committed", active);
  CHECK(story.situation().signals.traffic == Traffic::active);
  story.pass(1s).vouched(write_fails(Write::auth));
  CHECK(story.situation().signals.traffic == Traffic::unknown);
  CHECK(story.situation().ruling.verdict == Verdict::auth_broken);
  story.pass(10s).look("committed", active);
  CHECK(story.situation().ruling.verdict == Verdict::disputed);
}

TEST_CASE("who else writes is counted again with every recheck of a write that fails") {
  Story story(counting());
  story.healthy();
  CHECK(story.wishes.recheck.empty());
  story.vouched(write_fails());
  CHECK(story.wishes.recheck == std::vector<std::string>{"api", "committed"});
  // The recheck is under way and slow: it is not counted for again and again meanwhile.
  story.pass(10s).look("committed", TrafficLook{});
  CHECK(story.wishes.recheck == std::vector<std::string>{"api"});
  story.vouched(write_fails());
  CHECK(story.wishes.recheck == std::vector<std::string>{"api", "committed"});
}

TEST_CASE("a silence is told since the last commit, not since the look that found it too long") {
  Story story(counting());
  story.healthy();
  TrafficLook silent;
  silent.traffic = Traffic::silent;
  silent.window_start = story.now + -40min;
  story.anchor().look("committed", silent);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::suspect_silence);
  CHECK(story.told[0].evidence.since == (story.now + -40min).wall);
}
