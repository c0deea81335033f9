// What we tell about ourselves.
#include "evaluator/own.h"

#include <catch2/catch.hpp>

#include "model/duration.h"

#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::Policy;

namespace {

WriteLook unarmed(WriteLook look) {
  look.armed = false;
  return look;
}

}  // namespace

TEST_CASE("an unarmed probe that fails makes one notice, never a page") {
  Story story(usual_policy());
  for (int i = 0; i < 100; ++i) story.vouched(unarmed(write_fails(Write::contract))).pass(60s);
  REQUIRE(story.history.size() == 1);
  const Transition& t = story.history[0];
  CHECK(t.subject == Subject{false, "orders"});
  CHECK(t.reason == Reason::setup);
  CHECK(t.alarm == Alarm::notify);
  CHECK(t.to == Verdict::unknown);
  CHECK(t.evidence.probe == "api");
  CHECK(t.evidence.detail == "connection refused 127.0.0.1:8080");
  CHECK(story.situation().verdict == Verdict::unknown);
  CHECK_FALSE(story.situation().armed);
  CHECK(story.wishes.recheck.empty());
}

TEST_CASE("the setup notice waits until it is certain that it is not our own line") {
  Story story(usual_policy());
  story.write(unarmed(write_fails()));
  CHECK(story.told.empty());
  CHECK(story.wishes.anchor_look);
  story.pass(1s).anchor(0, 3);
  CHECK(story.told.empty());
  story.pass(30s).anchor();
  CHECK(story.told.empty());  // that look was made while blind
  story.pass(1s).vouched(unarmed(write_fails()));
  CHECK(story.told.size() == 1);
}

TEST_CASE("the first verified cycle is told once") {
  Story story(usual_policy());
  story.vouched(unarmed(write_fails())).pass(60s).vouched(write_ok());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::first_proof);
  CHECK(story.told[0].alarm == Alarm::notify);
  CHECK(story.told[0].severity == Severity::info);
  CHECK(story.told[0].evidence.probe == "api");
  story.pass(60s).repeat(5, 60s, write_ok());
  CHECK(story.told.empty());
}

TEST_CASE("a probe that was armed before we knew it may page at once") {
  Story story(usual_policy());
  story.repeat(7, 10s, write_fails());
  REQUIRE(story.told.size() == 1);  // unknown to an outage, and no first proof
  CHECK(story.told[0].from == Verdict::unknown);
  CHECK(story.told[0].to == Verdict::backend_outage);
  CHECK(story.told[0].alarm == Alarm::page);
}

TEST_CASE("a view that never answered makes a notice too") {
  Story story(policy_with_view());
  story.healthy();
  story.repeat(20, 10s, view_fails());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::setup);
  CHECK(story.told[0].evidence.probe == "shop");
  CHECK(story.situation().signals.client == Client::unknown);
  story.pass(10s).vouched(view_ok()).pass(10s).repeat(7, 10s, view_fails());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::visible_outage);
}

TEST_CASE("three intervals of unknown are our own incident") {
  Story story(usual_policy());
  story.healthy().vouched(write_unknown());
  CHECK(story.situation().verdict == Verdict::unknown);
  for (int i = 0; i < 2; ++i) story.pass(60s).vouched(write_unknown());
  CHECK(story.told.empty());
  REQUIRE(story.wishes.wake_at);
  story.now = kStart + 300s + 180s + 100ms;
  CHECK(*story.wishes.wake_at <= story.now.steady);
  story.wake();
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].subject == Subject{true, "unknown/orders"});
  CHECK(story.told[0].to == Verdict::unknown);
  CHECK(story.told[0].alarm == Alarm::page);
  CHECK(story.told[0].alarm_class == AlarmClass::unknown);
  story.pass(60s).repeat(5, 60s, write_unknown());
  CHECK(story.told.empty());
  story.pass(60s).vouched(write_ok());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].subject == Subject{true, "unknown/orders"});
  CHECK(story.told[0].alarm == Alarm::none);
  CHECK(story.told[0].to == Verdict::healthy);
}

TEST_CASE("looks that stop coming become unknown, and that is told") {
  Story story(usual_policy());
  story.healthy();
  const std::size_t before = story.history.size();
  for (int i = 0; i < 4 && story.history.size() == before; ++i) {
    REQUIRE(story.wishes.wake_at);
    const Millis wait = *story.wishes.wake_at - story.now.steady;
    story.pass(wait).wake();
  }
  REQUIRE(story.history.size() == before + 1);
  CHECK(story.history.back().subject.name == "unknown/orders");
  CHECK(story.now.steady - kStart.steady <= 240s + 6 * 60s + 1s);
}

TEST_CASE("unknown is not told while a page about the service is open") {
  Story story(usual_policy());
  story.healthy().outage();
  const std::size_t before = story.history.size();
  story.repeat(20, 60s, write_unknown());
  CHECK(story.history.size() == before);
}

TEST_CASE("unknown is not told while writes are paused") {
  Story story(usual_policy());
  story.healthy().command(CommandKind::pause_writes);
  story.repeat(20, 60s, write_unknown());
  CHECK(story.told.empty());
  CHECK(story.situation().verdict == Verdict::unknown);
  story.command(CommandKind::resume_writes);
  story.pass(60s).repeat(4, 60s, write_unknown());
  CHECK(story.told.size() == 1);
}

TEST_CASE("a canary of ours that we never wrote is our own incident, not data loss") {
  WriteLook foreign = with_rungs(write_ok(), 3, true);
  foreign.sentinel = Sentinel::reset;
  foreign.foreign_seq = 77;
  Story story(usual_policy());
  story.healthy().repeat(10, 60s, foreign);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].subject == Subject{true, "clone/orders"});
  CHECK(story.told[0].alarm == Alarm::notify);
  CHECK_FALSE(story.state.incident);
  story.pass(60s).repeat(4, 60s, write_ok());
  CHECK(story.told.empty());
  story.pass(60s).vouched(write_ok());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].subject == Subject{true, "clone/orders"});
  CHECK(story.told[0].alarm == Alarm::none);
}

TEST_CASE("a credential that ends within a week is told once, and that it was replaced") {
  Story story(usual_policy());
  story.healthy();
  WriteLook ending = write_ok();
  ending.credential_ends = story.now.wall + std::chrono::days{8};
  story.pass(60s).vouched(ending);
  CHECK(story.told.empty());
  ending.credential_ends = story.now.wall + std::chrono::days{7};
  story.pass(60s).repeat(5, 60s, ending);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].subject == Subject{true, "credential/orders"});
  CHECK(story.told[0].alarm == Alarm::notify);
  CHECK(story.told[0].evidence.probe == "api");
  CHECK(story.told[0].evidence.detail == rfc3339(*ending.credential_ends));
  CHECK_FALSE(story.state.incident);
  ending.credential_ends = story.now.wall + std::chrono::days{90};
  story.pass(60s).repeat(3, 60s, ending);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].subject == Subject{true, "credential/orders"});
  CHECK(story.told[0].reason == Reason::recovered);
}

TEST_CASE("a service without a write probe is judged by its views, and says so") {
  Policy policy = policy_with_view();
  policy.writes.clear();
  Story story(policy);
  for (int i = 0; i < 3; ++i) story.pass(60s).vouched(view_ok());
  CHECK(story.situation().verdict == Verdict::healthy);
  CHECK_FALSE(story.situation().truth_measured);
  story.pass(60s).repeat(7, 10s, view_fails());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::visible_outage);
  CHECK_FALSE(story.told[0].evidence.truth_measured);
  story.pass(60s).repeat(6, 60s, view_ok());
  CHECK(story.told.size() == 1);
  CHECK_FALSE(story.state.incident);
}
