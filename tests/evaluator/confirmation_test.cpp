// When failed looks become an outage: docs/semantics.md §5.
#include "evaluator/confirmation.h"

#include <catch2/catch.hpp>

#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::Phase;
using deadcalm::evaluator::Policy;
using deadcalm::evaluator::rank;

TEST_CASE("a hard outage needs three failed looks and a minute between the first and the last start") {
  Story story(usual_policy());
  story.healthy();
  story.repeat(6, 10s, write_fails());  // 50 s
  CHECK(story.told.empty());
  CHECK(story.situation().phase == Phase::suspect);
  CHECK(story.situation().failed_looks == 6);
  story.pass(9'999ms).vouched(write_fails());
  CHECK(story.told.empty());
  story.pass(1ms).vouched(write_fails());
  REQUIRE(story.told.size() == 1);
  const Transition& t = story.told[0];
  CHECK(t.subject == Subject{false, "orders"});
  CHECK(t.from == Verdict::healthy);
  CHECK(t.to == Verdict::backend_outage);
  CHECK(t.reason == Reason::confirmed);
  CHECK(t.alarm == Alarm::page);
  CHECK(t.alarm_class == AlarmClass::hard);
  CHECK(t.severity == Severity::error);
  CHECK(t.row == 10);
  CHECK(t.evidence.probe == "api");
  CHECK(t.evidence.step == "plant");
  CHECK(t.evidence.detail == "connection refused 127.0.0.1:8080");
  CHECK(t.evidence.tries == 8);
  CHECK(t.evidence.since == story.now.wall - 60s);
  REQUIRE(t.evidence.last_good);
  CHECK(*t.evidence.last_good == story.now.wall - 120s + 100ms);
  CHECK_FALSE(t.evidence.view_measured);
  CHECK(t.evidence.truth_measured);
  CHECK(story.situation().phase == Phase::confirmed);
}

TEST_CASE("a minute alone is not enough: three looks in a row are") {
  Story story(usual_policy());
  story.healthy();
  story.vouched(write_fails()).pass(70s).vouched(write_fails());
  CHECK(story.history.size() == 1);  // the first proof
  story.pass(10s).vouched(write_fails());
  CHECK(story.told.size() == 1);
}

TEST_CASE("a good look in between starts the count anew") {
  Story story(usual_policy());
  story.healthy();
  story.repeat(6, 10s, write_fails()).pass(10s).vouched(write_ok());
  CHECK(story.situation().phase == Phase::ok);
  story.pass(10s).repeat(6, 10s, write_fails());
  CHECK(story.told.empty());
  CHECK(story.situation().failed_looks == 6);
}

TEST_CASE("an unknown look neither advances nor resets") {
  Story story(usual_policy());
  story.healthy();
  story.repeat(2, 10s, write_fails()).pass(10s).repeat(4, 10s, write_unknown());
  CHECK(story.told.empty());
  CHECK(story.state.writes[0].streaks.hard.looks == 2);
  story.pass(10s).vouched(write_fails());
  CHECK(story.told.size() == 1);
}

TEST_CASE("a failed look counts only with an anchor look that started no earlier and was good") {
  Story story(usual_policy());
  story.healthy();
  story.anchor().pass(1ms);
  story.write(write_fails());
  CHECK(story.situation().failed_looks == 0);
  CHECK(story.wishes.anchor_look);
  CHECK(story.situation().phase == Phase::suspect);

  SECTION("it comes later") {
    story.pass(100ms).anchor();
    CHECK(story.situation().failed_looks == 1);
  }
  SECTION("it is bad: we are blind, and the look is forgotten") {
    story.pass(100ms).anchor(1, 3);
    CHECK(story.situation().blind);
    story.pass(10s).anchor();
    CHECK(story.situation().failed_looks == 0);
  }
  SECTION("one look vouches for all that started before it, in their order") {
    for (int i = 0; i < 7; ++i) story.pass(20s).write(write_fails());
    CHECK(story.told.empty());
    story.anchor();
    CHECK(story.told.size() == 1);
    CHECK(story.situation().since == kStart.wall + 300s + 1ms);
  }
}

TEST_CASE("without anchors failures count at once") {
  Policy policy = usual_policy();
  policy.has_anchors = false;
  Story story(policy);
  for (int i = 0; i < 3; ++i) story.write(write_ok()).pass(60s);
  for (int i = 0; i < 7; ++i) story.write(write_fails()).pass(10s);
  CHECK(story.told.size() == 1);
}

TEST_CASE("soft trouble needs five looks and is a notice") {
  WriteLook unreadable = write_ok();
  unreadable.read_back = ReadBack::fail;
  Story story(usual_policy());
  story.healthy().repeat(4, 10s, unreadable);
  CHECK(story.told.empty());
  story.pass(10s).vouched(unreadable);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::degraded);
  CHECK(story.told[0].alarm == Alarm::notify);
  CHECK(story.told[0].severity == Severity::warning);
}

TEST_CASE("a look of a higher class counts for the lower ones, not the other way round") {
  WriteLook throttled = write_fails(Write::throttle);
  Story story(usual_policy());
  story.healthy().repeat(3, 10s, write_fails()).pass(10s).repeat(2, 10s, throttled);
  REQUIRE(story.told.size() == 1);  // 3 + 2 soft looks
  CHECK(story.told[0].to == Verdict::degraded);
  CHECK(story.state.writes[0].streaks.hard.looks == 3);
}

TEST_CASE("time in disputed counts towards the outage") {
  Policy policy = usual_policy();
  policy.traffic = CountSource{.name = "orders_committed"};
  Story story(policy);
  story.healthy();
  TrafficLook active;
  active.traffic = Traffic::active;
  story.vouched(write_fails(Write::auth)).pass(5s).look("orders_committed", active).pass(5s);
  story.repeat(6, 10s, write_fails(Write::auth));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::disputed);
  CHECK(story.told[0].alarm == Alarm::notify);
  TrafficLook quiet;
  story.pass(5s).look("orders_committed", quiet);  // nobody can say any more whether orders come
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::auth_broken);
  CHECK(story.told[0].reason == Reason::alarm_rose);
  CHECK(story.told[0].alarm == Alarm::page);
}

TEST_CASE("other signals change the label, never the count") {
  Story story(policy_with_view());
  story.vouched(view_ok()).healthy();
  story.vouched(write_fails()).pass(1s);
  for (int i = 0; i < 20; ++i) story.vouched(view_fails()).pass(1s);
  CHECK(story.situation().ruling.verdict == Verdict::visible_outage);
  CHECK(story.situation().probe == "api");
  CHECK(story.situation().failed_looks == 1);
}

TEST_CASE("a hole in the looks ends the streaks: what nobody saw is not in a row") {
  Story story(usual_policy());
  story.healthy().repeat(6, 10s, write_fails());
  story.pass(181s).vouched(write_fails());
  CHECK(story.told.empty());
  CHECK(story.situation().failed_looks == 1);
}

TEST_CASE("a deploy raises `for` to five minutes and mutes nothing") {
  Story story(usual_policy());
  story.healthy().command(CommandKind::deploy_start, story.now.wall + 10min);
  story.repeat(30, 10s, write_fails());  // 290 s
  CHECK(story.told.empty());
  story.pass(10s).vouched(write_fails());
  CHECK(story.told.size() == 1);
}

TEST_CASE("after the deploy `for` is as before") {
  Story story(usual_policy());
  story.healthy().command(CommandKind::deploy_start, story.now.wall + 65s);
  story.repeat(7, 10s, write_fails());
  CHECK(story.told.empty());
  story.pass(10s).vouched(write_fails());
  CHECK(story.told.size() == 1);
}

TEST_CASE("silence needs no count: the statistic is the confirmation") {
  Policy policy = usual_policy();
  policy.traffic = CountSource{.name = "orders_committed"};
  Story story(policy);
  story.healthy();
  TrafficLook silent;
  silent.traffic = Traffic::silent;
  silent.expected = 12;
  story.anchor().vouched(write_ok()).look("orders_committed", silent);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::suspect_silence);
  CHECK(story.told[0].alarm == Alarm::notify);
  CHECK(story.told[0].evidence.traffic_expected == 12);
}

TEST_CASE("clients that are behind are confirmed after twice A_max, by the clock") {
  Policy policy = policy_with_view();  // A_max 60 + 60 + 10 + 10 = 140 s
  Story story(policy);
  story.vouched(write_ok()).view(view_shows(1, story.now.wall));
  for (int i = 0; i < 2; ++i) story.pass(60s).vouched(write_ok()).view(view_shows(1, kStart.wall));
  const Instant second = kStart + 60s;  // the first canary that is never shown
  while (story.now.steady < second.steady + 3 * 140s - 60s) {
    story.pass(60s).vouched(write_ok()).view(view_shows(1, kStart.wall));
  }
  CHECK(story.situation().ruling.verdict == Verdict::stale_clients);
  CHECK(story.told.empty());
  REQUIRE(story.wishes.wake_at);
  CHECK(*story.wishes.wake_at <= second.steady + 3 * 140s);
  story.now = second + 3 * 140s;
  story.wake();
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::stale_clients);
  CHECK(story.told[0].alarm == Alarm::page);
  CHECK(story.told[0].evidence.stale_limit == Millis{140s});
}

TEST_CASE("the classes have an order") {
  CHECK(rank(AlarmClass::loss) > rank(AlarmClass::hard));
  CHECK(rank(AlarmClass::hard) > rank(AlarmClass::stale));
  CHECK(rank(AlarmClass::stale) > rank(AlarmClass::silence));
  CHECK(rank(AlarmClass::silence) > rank(AlarmClass::soft));
  CHECK(rank(AlarmClass::soft) > rank(AlarmClass::none));
}
