// When an outage is over, and what keeps it open.
#include "evaluator/recovery.h"

#include <catch2/catch.hpp>

#include "evaluator/flapping.h"
#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::Phase;
using deadcalm::evaluator::Policy;

namespace {

bool resolved(const Story& story) {
  return !story.told.empty() && story.told.back().reason == Reason::recovered &&
         story.told.back().to == Verdict::healthy && story.told.back().alarm == Alarm::none;
}

BeaconLook beacons(Beacons how) {
  BeaconLook look;
  look.beacons = how;
  look.clients = 40;
  return look;
}

}  // namespace

TEST_CASE("recovery needs five good looks and five minutes") {
  Story story(usual_policy());
  story.healthy().outage();
  story.repeat(5, 60s, write_ok());  // 240 s between the first and the last start
  CHECK(story.told.empty());
  CHECK(story.situation().phase == Phase::recovering);
  CHECK(story.situation().good_looks == 5);
  CHECK(story.situation().verdict == Verdict::backend_outage);
  story.pass(60s).vouched(write_ok());
  REQUIRE(resolved(story));
  CHECK(story.told[0].from == Verdict::backend_outage);
  CHECK(story.told[0].subject.name == "orders");
  CHECK(story.situation().phase == Phase::ok);
  CHECK(story.situation().verdict == Verdict::healthy);
}

TEST_CASE("five minutes alone are not enough") {
  Story story(usual_policy());
  story.healthy().outage();
  story.repeat(4, 110s, write_ok());  // 330 s
  CHECK(story.told.empty());
  story.pass(10s).vouched(write_ok());
  CHECK(resolved(story));
}

TEST_CASE("any failure returns to confirmed: same incident, no second page") {
  Story story(usual_policy());
  story.healthy().outage();
  const std::size_t before = story.history.size();
  story.repeat(5, 60s, write_ok()).pass(50s).vouched(write_fails());
  CHECK(story.situation().phase == Phase::confirmed);
  story.pass(10s).repeat(7, 10s, write_fails());
  CHECK(story.history.size() == before);
  story.pass(10s).repeat(5, 60s, write_ok());
  CHECK(story.history.size() == before);
  story.pass(60s).vouched(write_ok());
  CHECK(resolved(story));
}

TEST_CASE("unknown looks neither advance a recovery nor end it") {
  Story story(usual_policy());
  story.healthy().outage().repeat(3, 60s, write_ok());
  story.pass(60s).repeat(10, 60s, write_unknown());
  CHECK(story.situation().good_looks == 3);
  CHECK(story.told.empty());
  story.pass(60s).vouched(write_ok()).pass(60s).vouched(write_ok());
  CHECK(resolved(story));
}

TEST_CASE("a backend is not back while clients cannot see it work") {
  Policy policy = policy_with_view();
  Story story(policy);
  story.vouched(view_ok()).healthy(3).vouched(view_fails());
  story.outage();
  for (int i = 0; i < 10; ++i) {
    story.pass(60s).vouched(write_ok());
    story.view(view_fails());
  }
  CHECK(story.state.incident);
  CHECK(story.situation().verdict == Verdict::visible_outage);
  for (int i = 0; i < 6; ++i) {
    story.pass(60s).vouched(write_ok());
    story.view(view_ok());
  }
  CHECK_FALSE(story.state.incident);
}

TEST_CASE("a masked outage whose outboxes do not drain becomes stale_clients, then recovers") {
  Policy policy = usual_policy();
  policy.beacons = CountSource{.name = "apps"};
  Story story(policy);
  story.healthy(3).look("apps", beacons(Beacons::high));
  story.outage();
  CHECK(story.situation().verdict == Verdict::masked_outage);
  std::vector<Transition> told;
  for (int i = 0; i < 9; ++i) {
    story.pass(60s).vouched(write_ok());
    told.insert(told.end(), story.told.begin(), story.told.end());
    story.look("apps", beacons(Beacons::high));
    told.insert(told.end(), story.told.begin(), story.told.end());
  }
  REQUIRE(told.size() == 1);
  CHECK(told[0].reason == Reason::label_changed);
  CHECK(told[0].to == Verdict::stale_clients);
  CHECK(told[0].alarm == Alarm::page);  // as it was: only an update
  CHECK(told[0].severity == Severity::critical);
  // Fewer clients than can be judged: unknown is not low.
  for (int i = 0; i < 8; ++i) story.pass(60s).vouched(write_ok()).look("apps", beacons(Beacons::unknown));
  CHECK(story.state.incident);
  for (int i = 0; i < 6; ++i) story.pass(60s).vouched(write_ok()).look("apps", beacons(Beacons::low));
  CHECK_FALSE(story.state.incident);
  CHECK(story.history.back().reason == Reason::recovered);
}

TEST_CASE("few clients at night do not hold an incident open that beacons never told of") {
  Policy policy = usual_policy();
  policy.beacons = CountSource{.name = "apps"};
  Story story(policy);
  story.healthy().outage();
  for (int i = 0; i < 6; ++i) story.pass(60s).look("apps", beacons(Beacons::unknown)).vouched(write_ok());
  CHECK(resolved(story));
}

TEST_CASE("silence after an outage does not hold it open: it has an incident of its own") {
  Policy policy = usual_policy();
  policy.traffic = CountSource{.name = "committed"};
  Story story(policy);
  TrafficLook silent;
  silent.traffic = Traffic::silent;
  story.healthy().outage();
  for (int i = 0; i < 6; ++i) story.pass(60s).look("committed", silent).vouched(write_ok());
  REQUIRE(resolved(story));
  story.pass(60s).look("committed", silent).vouched(write_ok());
  REQUIRE(story.state.incident);
  CHECK(story.state.incident->label.verdict == Verdict::suspect_silence);
  CHECK(story.state.incident->label.alarm == Alarm::notify);
}

TEST_CASE("an outage that settles as slowness gets the milder label, still the same page") {
  WriteLook slow = write_ok();
  slow.slow = true;
  Story story(usual_policy());
  story.healthy().outage();
  story.repeat(6, 60s, slow);
  CHECK(story.told.empty());
  story.pass(60s).vouched(slow);  // the milder label has lasted a minute
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::degraded);
  CHECK(story.told[0].reason == Reason::label_changed);
  CHECK(story.told[0].alarm == Alarm::page);
}

TEST_CASE("flapping holds the incident open for twice as long, at most eight times") {
  Story story(usual_policy());
  story.healthy();
  const auto cycle = [&] {  // down for a minute, up for five and a half
    story.outage();
    story.repeat(6, 66s, write_ok()).pass(10s);
  };
  cycle();  // opened, resolved
  CHECK_FALSE(story.state.incident);
  cycle();
  CHECK_FALSE(story.state.incident);
  cycle();  // the fifth change in 30 min
  REQUIRE(story.state.incident);
  CHECK(story.situation().flapping);
  CHECK(story.situation().good_looks_needed == 10);
  for (int i = 0; i < 8; ++i) cycle();
  CHECK(story.state.recovery_factor <= 8);
  CHECK(story.state.incident);
  const std::size_t before = story.history.size();
  story.repeat(41, 60s, write_ok());
  CHECK(story.history.size() == before + 1);
  CHECK(resolved(story));
}

TEST_CASE("an edit that takes the deciding probe away leaves the incident to the next one") {
  Policy policy = usual_policy();
  policy.writes.push_back({.name = "second", .stream = "s1-second"});
  Story story(policy);
  story.healthy(2);
  story.repeat(2, 60s, write_ok()).look("second", write_ok());
  for (int i = 0; i < 7; ++i) story.pass(10s).vouched(write_fails()).look("second", write_ok());
  REQUIRE(story.state.incident);
  story.policy.writes.erase(story.policy.writes.begin());
  for (int i = 0; i < 6; ++i) story.pass(60s).anchor().look("second", write_ok());
  CHECK_FALSE(story.state.incident);
}
