// What the evaluator asks to see next.
#include "evaluator/wishes.h"

#include <catch2/catch.hpp>

#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::Policy;

using Probes = std::vector<std::string>;

TEST_CASE("a healthy service wishes only to be woken when its looks grow old") {
  Story story(policy_with_view());
  story.healthy().vouched(write_ok()).view(view_ok());
  CHECK_FALSE(story.wishes.anchor_look);
  CHECK_FALSE(story.wishes.view_looks);
  CHECK(story.wishes.recheck.empty());
  CHECK_FALSE(story.wishes.recheck_at);
  CHECK(story.wishes.wake_at == story.now.steady + 180s + 101ms);
}

TEST_CASE("the first failed look asks for anchors and views at once, the next ones do not") {
  Story story(policy_with_view());
  story.view(view_ok()).healthy();
  story.write(write_fails());
  CHECK(story.wishes.anchor_look);
  CHECK(story.wishes.view_looks);
  CHECK(story.wishes.recheck == Probes{"api"});
  CHECK(story.wishes.recheck_at == story.now.steady + 10s);
  story.anchor();
  CHECK_FALSE(story.wishes.anchor_look);
  CHECK(story.wishes.recheck == Probes{"api"});
  story.pass(10s).vouched(write_fails());
  CHECK_FALSE(story.wishes.anchor_look);  // one started beside it
  CHECK_FALSE(story.wishes.view_looks);
  CHECK(story.wishes.recheck_at == story.now.steady + 10s);
}

TEST_CASE("a failed look that no anchor vouches for asks for one") {
  Story story(usual_policy());
  story.healthy().vouched(write_fails()).pass(10s).write(write_fails());
  CHECK(story.wishes.anchor_look);
}

TEST_CASE("rechecks go on while the outage does, and stop with the first good look") {
  Story story(usual_policy());
  story.healthy().outage();
  CHECK(story.wishes.recheck == Probes{"api"});
  story.vouched(write_unknown());
  CHECK(story.wishes.recheck == Probes{"api"});
  story.pass(10s).vouched(write_ok());
  CHECK(story.wishes.recheck.empty());
}

TEST_CASE("the probe that decides is looked at again, no other") {
  Policy policy = policy_with_view();
  policy.writes.push_back({.name = "second", .stream = "s1-second"});
  Story story(policy);
  story.view(view_ok()).vouched(write_ok()).look("second", write_ok()).pass(60s);
  story.anchor().look("second", write_fails());
  CHECK(story.wishes.recheck == Probes{"second"});
  story.pass(60s).vouched(write_ok()).look("second", write_ok()).vouched(view_fails());
  CHECK(story.wishes.recheck == Probes{"shop"});
}

TEST_CASE("a throttled backend is not asked more often") {
  Story story(usual_policy());
  story.healthy().vouched(write_fails(Write::throttle));
  CHECK(story.wishes.recheck.empty());
}

TEST_CASE("a missing rung is read again until it is certain, then at the usual pace") {
  Story story(usual_policy());
  story.healthy().vouched(with_rungs(write_ok(), 1));
  CHECK(story.wishes.recheck == Probes{"api"});
  story.pass(10s).repeat(4, 10s, with_rungs(write_ok(), 1));
  CHECK(story.state.incident);
  CHECK(story.wishes.recheck.empty());
}

TEST_CASE("paused writes are not rechecked") {
  Story story(usual_policy());
  story.healthy().outage().command(CommandKind::pause_writes);
  CHECK(story.wishes.recheck.empty());
}

TEST_CASE("a silent traffic source asks for anchors, not for views") {
  Policy policy = policy_with_view();
  policy.traffic = CountSource{.name = "committed"};
  Story story(policy);
  TrafficLook silent;
  silent.traffic = Traffic::silent;
  story.healthy().look("committed", silent);
  CHECK(story.wishes.anchor_look);
  CHECK_FALSE(story.wishes.view_looks);
}

TEST_CASE("every wish to be woken lies in the future") {
  Story story(policy_with_view());
  story.view(view_ok()).healthy().outage();
  for (int i = 0; i < 200 && story.wishes.wake_at; ++i) {
    const Millis wait = *story.wishes.wake_at - story.now.steady;
    REQUIRE(wait > 0ms);
    story.pass(wait).wake();
  }
  CHECK_FALSE(story.wishes.wake_at);  // nothing is left to wait for
}
