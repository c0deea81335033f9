// Age, lag and A_max; the remembered canaries.
#include "evaluator/freshness.h"

#include <catch2/catch.hpp>

#include "evaluator/canaries.h"
#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::kMostCanaries;
using deadcalm::evaluator::planted_at;
using deadcalm::evaluator::PlantedCanary;
using deadcalm::evaluator::Policy;
using deadcalm::evaluator::remember_canary;
using deadcalm::evaluator::stale_limit;

namespace {

// Ten minutes of a service whose view shows every canary as soon as it is there.
Story fresh_story() {
  Story story(policy_with_view());
  for (int i = 0; i < 10; ++i) {
    if (i > 0) story.pass(60s);
    story.vouched(write_ok()).view(view_shows(story.last_seq, story.now.wall));
  }
  return story;
}

Age age(const Story& story) {
  return story.situation().signals.age;
}
Lag lag(const Story& story) {
  return story.situation().signals.lag;
}

}  // namespace

TEST_CASE("A_max is both intervals, both time-outs and the answer's lifetime; stale_after replaces it") {
  Story story(policy_with_view());
  CHECK(story.situation().stale_limit == Millis{140s});
  ViewLook look = view_ok();
  look.lifetime = 60s;
  story.view(look);
  CHECK(story.situation().stale_limit == Millis{200s});
  story.policy.stale_after = 42s;
  CHECK(story.situation().stale_limit == Millis{42s});
  story.policy = usual_policy();
  CHECK_FALSE(story.situation().stale_limit);
}

TEST_CASE("clients that see our newest canary are fresh") {
  const Story story = fresh_story();
  CHECK(age(story) == Age::fresh);
  CHECK(lag(story) == Lag::ok);
  CHECK(story.situation().client_data_age == Millis{0});
}

TEST_CASE("a view that never showed a token of ours is not yet measuring") {
  Story story(policy_with_view());
  for (int i = 0; i < 20; ++i) story.pass(60s).vouched(write_ok()).view(view_ok());
  CHECK(age(story) == Age::unknown);
  CHECK(lag(story) == Lag::unknown);
  story.view(view_shows(7, story.now.wall, "another-site"));
  CHECK(age(story) == Age::unknown);
  CHECK(lag(story) == Lag::unknown);
}

TEST_CASE("a view that is pushed to and is told of nothing is behind: connected is not enough") {
  Story story(policy_with_view());
  ViewLook silent = view_ok();
  silent.listening_since = story.now;
  for (int i = 0; i < 3; ++i) story.pass(60s).vouched(write_ok()).view(silent);
  CHECK(lag(story) == Lag::unknown);
  story.pass(60s).vouched(write_ok()).view(silent);
  CHECK(lag(story) == Lag::behind);
  CHECK(story.situation().ruling.verdict == Verdict::stale_clients);
  ViewLook told = view_shows(story.last_seq, story.now.wall);
  told.listening_since = silent.listening_since;
  story.view(told);
  CHECK(lag(story) == Lag::ok);
  CHECK(story.situation().ruling.verdict == Verdict::healthy);
}

TEST_CASE("what was planted before a view listened is not expected to be pushed to it") {
  Story story = fresh_story();
  for (int i = 0; i < 5; ++i) story.pass(60s).vouched(write_ok());
  ViewLook anew = view_ok();
  anew.listening_since = story.now;
  story.view(anew);
  CHECK(lag(story) == Lag::ok);
  for (int i = 0; i < 4; ++i) story.pass(60s).vouched(write_ok()).view(anew);
  CHECK(lag(story) == Lag::behind);
}

TEST_CASE("a valid answer without a token is nothing newer seen, not a failure") {
  Story story = fresh_story();
  story.pass(60s).vouched(write_ok()).view(view_ok());
  CHECK(story.situation().signals.client == Client::ok);
  CHECK(age(story) == Age::fresh);
}

TEST_CASE("in an outage what clients see grows old, and is not behind") {
  Story story = fresh_story();
  const WallTime shown = story.now.wall;
  for (int i = 0; i < 2; ++i) story.pass(60s).vouched(write_fails()).view(view_shows(10, shown));
  CHECK(age(story) == Age::fresh);  // 120 s
  story.pass(21s).vouched(write_fails()).view(view_shows(10, shown));
  CHECK(age(story) == Age::old);  // 141 s
  CHECK(lag(story) == Lag::ok);
  CHECK(story.situation().client_data_age == Millis{141s});
  CHECK(story.situation().ruling.verdict == Verdict::masked_outage);
}

TEST_CASE("age says nothing unless plants were attempted and answered throughout") {
  const auto after = [](const WriteLook& once) {
    Story story = fresh_story();
    story.pass(60s).vouched(once).view(view_shows(10, kStart.wall + 540s));
    const Age at_once = age(story);
    for (int i = 0; i < 3; ++i) {
      story.pass(60s).vouched(write_ok()).view(view_shows(story.last_seq, story.now.wall));
    }
    return std::pair{at_once, age(story)};
  };
  for (const Write answered : {Write::ok, Write::net, Write::server, Write::read_only}) {
    INFO(name(answered));
    CHECK(after(write_fails(answered, ReadBack::fail)) == std::pair{Age::fresh, Age::fresh});
  }
  for (const Write not_answered : {Write::auth, Write::contract, Write::throttle, Write::unknown}) {
    INFO(name(not_answered));
    CHECK(after(write_fails(not_answered)).first == Age::unknown);
    CHECK(after(write_fails(not_answered)).second == Age::unknown);  // 120 s of 140 s
  }
  WriteLook not_attempted = write_fails(Write::net);
  not_attempted.plant_attempted = false;
  CHECK(after(not_attempted).first == Age::unknown);
}

TEST_CASE("age is known again when plants have been answered for A_max") {
  Story story = fresh_story();
  story.pass(60s).vouched(write_unknown());
  for (int i = 0; i < 4; ++i) {
    story.pass(60s).vouched(write_ok()).view(view_shows(story.last_seq, story.now.wall));
  }
  CHECK(age(story) == Age::fresh);
}

TEST_CASE("a stuck pull is behind once the first unseen acknowledged canary is older than A_max") {
  Story story = fresh_story();
  const WallTime shown = story.now.wall;
  story.pass(60s).vouched(write_ok()).view(view_shows(10, shown));
  for (int i = 0; i < 2; ++i) story.pass(60s).vouched(write_ok()).view(view_shows(10, shown));
  CHECK(lag(story) == Lag::ok);  // its age is 120 s
  story.pass(20s).view(view_shows(10, shown));
  CHECK(lag(story) == Lag::ok);
  story.pass(1ms);
  CHECK(lag(story) == Lag::behind);
  story.pass(20s).view(view_shows(story.last_seq, story.now.wall - 60s));
  CHECK(lag(story) == Lag::ok);
}

TEST_CASE("a canary that was not acknowledged need not be seen") {
  Story story = fresh_story();
  const WallTime shown = story.now.wall;
  for (int i = 0; i < 6; ++i) story.pass(60s).vouched(write_fails()).view(view_shows(10, shown));
  CHECK(lag(story) == Lag::ok);
}

TEST_CASE("a view that was not looked at since says nothing about lag") {
  Story story = fresh_story();
  for (int i = 0; i < 3; ++i) story.pass(59s).vouched(write_ok());
  CHECK(lag(story) != Lag::behind);  // the last view look is older than the canary
}

TEST_CASE("a stepped wall clock moves no age of our own canaries") {
  for (const Millis step : {Millis{1h}, Millis{-1h}}) {
    Story story = fresh_story();
    story.now.wall += step;
    story.pass(60s).vouched(write_ok()).view(view_shows(story.last_seq, story.now.wall - step));
    CHECK(age(story) == Age::fresh);
    CHECK(lag(story) == Lag::ok);
    for (int i = 0; i < 3; ++i) {
      story.pass(60s).vouched(write_fails()).view(view_shows(11, story.now.wall));
    }
    CHECK(age(story) == Age::old);
  }
}

TEST_CASE("on a list shared with another stream a newer canary of that one is as good") {
  Policy policy = policy_with_view();
  policy.writes.push_back({.name = "second", .stream = "s1-second"});
  Story story(policy);
  story.last_seq = 100;
  for (int i = 0; i < 20; ++i) {
    story.vouched(write_ok());
    if (i == 0) story.view(view_shows(story.last_seq, story.now.wall));  // once ours, then always theirs
    story.pass(30s).look("second", write_ok());
    story.view(view_shows(story.last_seq, story.now.wall, "s1-second"));
    story.pass(30s);
  }
  CHECK(lag(story) == Lag::ok);
  CHECK(age(story) == Age::fresh);
}

TEST_CASE("of several views the one that is behind decides lag, the newest token decides age") {
  Policy policy = policy_with_view();
  policy.views.push_back({.name = "cdn"});
  Story story(policy);
  for (int i = 0; i < 12; ++i) {
    story.vouched(write_ok()).view(view_shows(story.last_seq, story.now.wall));
    story.look("cdn", view_shows(1, kStart.wall)).pass(60s);
  }
  CHECK(lag(story) == Lag::behind);
  CHECK(age(story) == Age::fresh);
  CHECK(story.situation().probe == "cdn");
}

TEST_CASE("a view that fails says nothing about age") {
  Story story = fresh_story();
  story.pass(60s).vouched(write_fails()).view(view_fails());
  CHECK(age(story) == Age::unknown);
  CHECK(lag(story) == Lag::unknown);
}

TEST_CASE("the list of canaries stays short and still reaches back") {
  std::vector<PlantedCanary> canaries;
  for (std::uint64_t seq = 1; seq <= 500; ++seq) {
    const SteadyTime at{Millis{60'000 * static_cast<std::int64_t>(seq)}};
    remember_canary(canaries, {seq, at, true}, at - 24h);
    REQUIRE(canaries.size() <= kMostCanaries);
    REQUIRE(canaries.back().seq == seq);
  }
  CHECK(canaries.front().seq == 1);
  CHECK(planted_at(canaries, 500) == SteadyTime{Millis{60'000 * 500}});
  for (std::uint64_t seq = 1; seq <= 500; ++seq) {  // in proportion between its neighbours
    const auto at = planted_at(canaries, seq);
    REQUIRE(at);
    CHECK(std::chrono::abs(at->time_since_epoch() - Millis{60'000 * static_cast<std::int64_t>(seq)}) < 1s);
  }
  CHECK_FALSE(planted_at(canaries, 501));
  CHECK_FALSE(planted_at(canaries, 0));
}

TEST_CASE("old canaries are forgotten, the newest never; an acknowledgement is remembered") {
  std::vector<PlantedCanary> canaries;
  remember_canary(canaries, {1, SteadyTime{1s}, false}, SteadyTime{});
  remember_canary(canaries, {1, SteadyTime{1s}, true}, SteadyTime{});
  REQUIRE(canaries.size() == 1);
  CHECK(canaries[0].acknowledged);
  remember_canary(canaries, {2, SteadyTime{100s}, false}, SteadyTime{200s});
  REQUIRE(canaries.size() == 1);
  CHECK(canaries[0].seq == 2);
  remember_canary(canaries, {0, SteadyTime{300s}, true}, SteadyTime{});
  CHECK(canaries.size() == 1);  // number 0 is none
}

// A plant of unknown fate is made again under the same number; nobody could see the record before.
TEST_CASE("canaries: one planted again counts from then, one acknowledged does not") {
  std::vector<PlantedCanary> canaries;
  remember_canary(canaries, {5, SteadyTime{1s}, false}, SteadyTime{});
  remember_canary(canaries, {6, SteadyTime{2s}, false}, SteadyTime{});
  remember_canary(canaries, {5, SteadyTime{30s}, true}, SteadyTime{});
  CHECK(planted_at(canaries, 5) == SteadyTime{30s});
  CHECK(canaries.front().acknowledged);
  remember_canary(canaries, {5, SteadyTime{40s}, true}, SteadyTime{});
  CHECK(planted_at(canaries, 5) == SteadyTime{30s});
}
