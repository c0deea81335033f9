// Blind: nothing advances, nothing is resolved, and on return only fresh looks count.
#include "evaluator/blindness.h"

#include <catch2/catch.hpp>

#include "evaluator/site.h"
#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::evaluate_site;
using deadcalm::evaluator::Event;
using deadcalm::evaluator::is_bad;
using deadcalm::evaluator::Phase;
using deadcalm::evaluator::Policy;
using deadcalm::evaluator::SitePolicy;
using deadcalm::evaluator::SiteState;
using deadcalm::evaluator::Step;
using deadcalm::evaluator::Wake;

TEST_CASE("of three anchors two must answer, of two or one one") {
  struct Case {
    int answered, voting;
    bool bad;
  };
  for (const Case c : {Case{0, 0, false},
                       {0, 1, true},
                       {1, 1, false},
                       {0, 2, true},
                       {1, 2, false},
                       {1, 3, true},
                       {2, 3, false},
                       {3, 3, false},
                       {1, 4, true},
                       {2, 4, false},
                       {2, 5, true},
                       {3, 5, false}}) {
    INFO(c.answered << " of " << c.voting);
    CHECK(is_bad({c.answered, c.voting}) == c.bad);
  }
}

TEST_CASE("looks while blind count nothing and end nothing") {
  Story story(usual_policy());
  story.healthy().repeat(3, 10s, write_fails());
  const auto before = story.state.writes[0].streaks.hard;
  story.pass(5s).anchor(0, 3);
  CHECK(story.situation().blind);
  CHECK(story.situation().verdict == Verdict::monitor_blind);
  for (int i = 0; i < 20; ++i) story.pass(10s).write(i % 3 == 0 ? write_ok() : write_fails());
  CHECK(story.told.empty());
  CHECK(story.state.writes[0].streaks.hard == before);
  CHECK_FALSE(story.wishes.wake_at);
  CHECK(story.wishes.recheck.empty());
}

TEST_CASE("time spent blind is not time failing") {
  Story story(usual_policy());
  story.healthy().repeat(3, 10s, write_fails());  // 20 s
  story.pass(5s).anchor(0, 3).pass(10min).anchor();
  CHECK(story.told.empty());
  story.pass(1s).vouched(write_fails());
  CHECK(story.told.empty());  // 21 s counted, by four looks
  for (int i = 0; i < 3; ++i) {
    story.pass(10s).vouched(write_fails());
    CHECK(story.told.empty());
  }
  story.pass(10s).vouched(write_fails());
  CHECK(story.told.size() == 1);  // 61 s
}

TEST_CASE("on return only fresh looks speak") {
  Story story(usual_policy());
  story.healthy().vouched(write_ok()).pass(1s).anchor(0, 3);
  CHECK(story.situation().blind);
  story.pass(10s).anchor();
  CHECK_FALSE(story.situation().blind);
  CHECK(story.situation().verdict == Verdict::unknown);
  story.pass(1s).vouched(write_ok());
  CHECK(story.situation().verdict == Verdict::healthy);
}

TEST_CASE("a look that started before the anchors answered again does not count") {
  Story story(usual_policy());
  story.healthy().anchor(0, 3);
  const Instant began = story.now + 1s;
  story.pass(8s).anchor();
  Observation slow;
  slow.service = "orders";
  slow.probe = "api";
  slow.started = began;
  slow.ended = story.now + 3s;
  slow.look = write_fails();
  story.pass(3s).take(slow, story.now);
  CHECK(story.situation().ruling.verdict == Verdict::unknown);
}

TEST_CASE("blind resolves nothing, and recovery goes on where it stood") {
  Story story(usual_policy());
  story.healthy().outage().repeat(3, 60s, write_ok());
  CHECK(story.situation().good_looks == 3);
  story.pass(1s).anchor(0, 3);
  for (int i = 0; i < 30; ++i) story.pass(60s).write(write_ok());
  CHECK(story.state.incident);
  CHECK(story.situation().verdict == Verdict::backend_outage);
  story.pass(1s).anchor();
  CHECK(story.situation().good_looks == 3);
  story.pass(1s).repeat(3, 60s, write_ok());
  CHECK(story.told.empty());  // 120 s + 120 s: time spent blind is not time recovered
  story.pass(60s).vouched(write_ok());
  CHECK(story.told.size() == 1);
}

TEST_CASE("a late loop is as blind") {
  Story story(usual_policy());
  story.healthy().vouched(write_ok()).wake(true);
  CHECK(story.situation().verdict == Verdict::monitor_blind);
  story.pass(10s).repeat(20, 10s, write_fails());
  CHECK(story.told.empty());
  story.pass(1s).wake(false);
  CHECK(story.situation().verdict == Verdict::unknown);
}

TEST_CASE("staleness does not grow while blind") {
  Policy policy = usual_policy();
  policy.beacons = CountSource{.name = "apps"};  // A_max 60 + 10 s
  Story story(policy);
  BeaconLook high;
  high.beacons = Beacons::high;
  story.healthy().vouched(write_ok()).look("apps", high);
  story.pass(30s).anchor(0, 3).pass(1h).anchor();
  story.pass(10s).vouched(write_ok()).look("apps", high);
  CHECK(story.history.size() == 1);  // 40 s of 140 s
  story.pass(60s).vouched(write_ok()).look("apps", high);
  CHECK(story.history.size() == 1);
  story.pass(60s).vouched(write_ok()).look("apps", high);
  CHECK(story.history.size() == 2);
}

namespace {

Event anchors(int answered, Instant at) {
  Observation seen;
  seen.started = seen.ended = at;
  seen.look = AnchorLook{answered, 3};
  return seen;
}

}  // namespace

TEST_CASE("one incident tells that the site is blind, after five minutes") {
  SiteState state;
  const SitePolicy policy;
  Instant now = kStart;
  CHECK(evaluate_site(policy, state, anchors(3, now), now).transitions.empty());
  now = now + 30s;
  const Instant blind_since = now;
  Step step = evaluate_site(policy, state, anchors(1, now), now);
  CHECK(step.transitions.empty());
  CHECK(step.wishes.wake_at == now.steady + 5min);
  now = now + 299s;
  CHECK(evaluate_site(policy, state, anchors(0, now), now).transitions.empty());
  now = now + 1s;
  step = evaluate_site(policy, state, Wake{}, now);
  REQUIRE(step.transitions.size() == 1);
  const Transition& t = step.transitions[0];
  CHECK(t.subject == Subject{true, "blind"});
  CHECK(t.to == Verdict::monitor_blind);
  CHECK(t.reason == Reason::went_blind);
  CHECK(t.alarm == Alarm::page);
  CHECK(t.evidence.since == blind_since.wall);
  CHECK(t.evidence.detail == "0 of 3 anchors answer");
  now = now + 30s;
  CHECK(evaluate_site(policy, state, anchors(0, now), now).transitions.empty());  // once
  now = now + 30s;
  step = evaluate_site(policy, state, anchors(2, now), now);
  REQUIRE(step.transitions.size() == 1);
  CHECK(step.transitions[0].reason == Reason::sees_again);
  CHECK(step.transitions[0].alarm == Alarm::none);
  CHECK(step.transitions[0].to == Verdict::healthy);
}

TEST_CASE("a short blindness is not told") {
  SiteState state;
  Instant now = kStart;
  CHECK(evaluate_site({}, state, anchors(0, now), now).transitions.empty());
  now = now + 200s;
  CHECK(evaluate_site({}, state, anchors(3, now), now).transitions.empty());
  now = now + 200s;
  CHECK(evaluate_site({}, state, anchors(0, now), now).transitions.empty());
  now = now + 200s;
  CHECK(evaluate_site({}, state, Wake{}, now).transitions.empty());
}

TEST_CASE("an anchor look that was overtaken by a newer one changes nothing") {
  SiteState state;
  CHECK(evaluate_site({}, state, anchors(3, kStart + 10s), kStart + 10s).transitions.empty());
  CHECK(evaluate_site({}, state, anchors(0, kStart + 5s), kStart + 11s).transitions.empty());
  CHECK_FALSE(state.blind_since);
}
