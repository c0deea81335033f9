// What an open incident is called, how grave and how loud it is, and when that changes.
#include <catch2/catch.hpp>

#include "evaluator/alarm.h"
#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::Policy;

namespace {

Policy with_traffic() {
  Policy policy = usual_policy();
  policy.traffic = CountSource{.name = "committed"};
  return policy;
}

TrafficLook traffic(Traffic how) {
  TrafficLook look;
  look.traffic = how;
  return look;
}

ViewLook cached() {
  return view_ok(CacheClass::cache_stale);
}

}  // namespace

TEST_CASE("the founding case: masked at once, critical") {
  Story story(policy_with_view());
  story.view(cached()).healthy().view(cached());
  story.outage();
  REQUIRE(story.history.size() == 2);
  CHECK(story.history[1].to == Verdict::masked_outage);
  CHECK(story.history[1].masked == Masked::yes);
  CHECK(story.history[1].severity == Severity::critical);
  CHECK(story.history[1].evidence.client_status == 200);
  CHECK(story.history[1].evidence.client_cache == CacheClass::cache_stale);
}

TEST_CASE("inside the hard class a rise in severity is told at once, and is no second page") {
  Story story(policy_with_view());
  story.view(view_ok()).healthy().outage();
  CHECK(story.situation().verdict == Verdict::backend_outage);
  story.vouched(cached());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::severity_rose);
  CHECK(story.told[0].from == Verdict::backend_outage);
  CHECK(story.told[0].to == Verdict::masked_outage);
  CHECK(story.told[0].alarm == Alarm::page);
}

TEST_CASE("another label of the same weight must last a minute: views flicker between hit and miss") {
  Story story(policy_with_view());
  story.view(cached()).healthy().view(cached());
  story.outage();
  CHECK(story.situation().verdict == Verdict::masked_outage);
  story.vouched(view_fails());
  CHECK(story.told.empty());
  story.pass(30s).vouched(cached()).pass(10s).vouched(view_fails());
  CHECK(story.told.empty());
  CHECK(story.wishes.wake_at == story.now.steady + 60s + 100ms);
  story.pass(60s).vouched(view_fails());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::visible_outage);
  CHECK(story.told[0].reason == Reason::label_changed);
  CHECK(story.told[0].masked == Masked::no);
}

TEST_CASE("what is known of the clients' view is not replaced by unknown") {
  Story story(policy_with_view());
  story.view(cached()).healthy().view(cached());
  story.outage();
  const std::size_t before = story.history.size();
  story.repeat(40, 10s, write_fails());  // the last view look is too old by now
  CHECK(story.situation().signals.cache == Cache::unknown);
  CHECK(story.history.size() == before);
  CHECK(story.situation().verdict == Verdict::masked_outage);
}

TEST_CASE("row 4: disputed is a notice, and a page when it has lasted fifteen minutes") {
  Story story(with_traffic());
  story.healthy();
  const Instant first = story.now;
  story.history.clear();
  while (story.now.steady - first.steady < 16min) {
    story.look("committed", traffic(Traffic::active)).vouched(write_fails()).pass(10s);
  }
  const std::vector<Transition>& told = story.history;
  REQUIRE(told.size() == 2);
  CHECK(told[0].to == Verdict::disputed);
  CHECK(told[0].alarm == Alarm::notify);
  CHECK(told[0].masked == Masked::no);
  CHECK(told[0].at.steady - first.steady == 40s + 100ms);
  CHECK(told[1].to == Verdict::disputed);
  CHECK(told[1].alarm == Alarm::page);
  CHECK(told[1].reason == Reason::alarm_rose);
  CHECK(told[1].at.steady - first.steady >= 15min);
  CHECK(told[1].at.steady - first.steady <= 15min + 10s);
}

TEST_CASE("row 5: a broken contract pages after five minutes") {
  Story story(usual_policy());
  story.healthy();
  const Instant first = story.now;
  story.repeat(31, 10s, write_fails(Write::contract));
  REQUIRE(story.told.size() == 2);
  CHECK(story.told[0].to == Verdict::disputed);
  CHECK(story.told[0].alarm == Alarm::notify);
  CHECK(story.told[1].alarm == Alarm::page);
  CHECK(story.told[1].at.steady - first.steady >= 5min);
  CHECK(story.told[1].at.steady - first.steady <= 5min + 10s);
}

TEST_CASE("row 5: a broken contract pages at once when nobody else can write either") {
  Story story(with_traffic());
  story.healthy();
  std::vector<Transition> told;
  for (int i = 0; i < 7; ++i) {
    story.look("committed", traffic(Traffic::silent));
    story.vouched(write_fails(Write::contract));
    told.insert(told.end(), story.told.begin(), story.told.end());
    story.pass(10s);
  }
  REQUIRE(told.size() == 2);
  CHECK(told[0].alarm == Alarm::notify);  // five looks
  CHECK(told[1].alarm == Alarm::page);    // as sure as a hard outage
  CHECK(told[1].to == Verdict::disputed);
}

TEST_CASE("row 13: unreadable or slow pages when it has lasted fifteen minutes, throttled does not") {
  WriteLook unreadable = write_ok(), slow = write_ok();
  unreadable.read_back = ReadBack::fail;
  slow.slow = true;
  for (const WriteLook& look : {unreadable, slow}) {
    Story story(usual_policy());
    story.healthy();
    const Instant first = story.now;
    story.repeat(16, 60s, look);
    REQUIRE(story.told.size() == 2);
    CHECK(story.told[0].to == Verdict::degraded);
    CHECK(story.told[0].alarm == Alarm::notify);
    CHECK(story.told[1].alarm == Alarm::page);
    CHECK(story.told[1].at.steady - first.steady >= 15min);
    CHECK(story.told[1].evidence.slow == look.slow);
  }
}

TEST_CASE("throttled for ten minutes without a success is an outage") {
  Story story(usual_policy());
  story.healthy();
  story.repeat(10, 60s, write_fails(Write::throttle));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::degraded);
  story.pass(60s).repeat(7, 10s, write_fails(Write::throttle));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::backend_outage);
  CHECK(story.told[0].reason == Reason::alarm_rose);
}

TEST_CASE("throttled with a success in between is never an outage") {
  Story story(usual_policy());
  story.healthy();
  for (int i = 0; i < 30; ++i) {
    story.vouched(i % 9 == 8 ? write_ok() : write_fails(Write::throttle)).pass(60s);
    CHECK(story.situation().signals.write != Write::server);
  }
}

TEST_CASE("silence pages when the policy says so") {
  for (const bool page : {false, true}) {
    Policy policy = with_traffic();
    policy.on_silence_page = page;
    Story story(policy);
    story.healthy().vouched(write_ok()).look("committed", traffic(Traffic::silent));
    REQUIRE(story.told.size() == 1);
    CHECK(story.told[0].alarm == (page ? Alarm::page : Alarm::notify));
  }
}

TEST_CASE("silence pages when no write was verified in the last two intervals") {
  Story story(with_traffic());
  story.healthy().vouched(write_ok()).look("committed", traffic(Traffic::silent));
  CHECK(story.told.at(0).alarm == Alarm::notify);
  REQUIRE(story.wishes.wake_at);
  CHECK(*story.wishes.wake_at == story.now.steady + 120s + 100ms);
  story.pass(60s).vouched(write_unknown()).pass(60s + 100ms).wake();
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].alarm == Alarm::page);
  CHECK(story.told[0].reason == Reason::alarm_rose);
}

TEST_CASE("a client path that fails alone is visible, decided by the view's own looks") {
  Story story(policy_with_view());
  story.vouched(view_ok()).healthy();
  for (int i = 0; i < 7; ++i) {
    story.vouched(view_fails());
    if (i < 6) CHECK(story.told.empty());
    if (i == 6) REQUIRE(story.told.size() == 1);
    if (i < 6) story.pass(10s);
  }
  CHECK(story.told[0].to == Verdict::visible_outage);
  CHECK(story.told[0].row == 11);
  CHECK(story.told[0].masked == Masked::no);
  CHECK(story.told[0].severity == Severity::error);
  CHECK(story.told[0].evidence.probe == "shop");
  CHECK(story.told[0].evidence.client_status == 502);
}
