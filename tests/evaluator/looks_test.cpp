// From looks to signals: docs/semantics.md §3.
#include "evaluator/looks.h"

#include <catch2/catch.hpp>

#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::CountSource;
using deadcalm::evaluator::Policy;

namespace {

Policy two_streams() {
  Policy policy = usual_policy();
  policy.writes.push_back({.name = "second", .stream = "s1-second"});
  return policy;
}

Policy two_views() {
  Policy policy = policy_with_view();
  policy.views.push_back({.name = "app"});
  return policy;
}

WriteLook look_of(Write write, ReadBack read_back) {
  return write_fails(write, read_back);
}

}  // namespace

TEST_CASE("write and read_back come together from the worst stream") {
  // Worst first: a stream is worse than all that follow.
  const WriteLook order[] = {
      look_of(Write::net, ReadBack::unknown),    look_of(Write::server, ReadBack::ok),
      look_of(Write::read_only, ReadBack::fail), look_of(Write::auth, ReadBack::ok),
      look_of(Write::contract, ReadBack::fail),  look_of(Write::throttle, ReadBack::unknown),
      look_of(Write::unknown, ReadBack::ok),     look_of(Write::ok, ReadBack::fail),
      look_of(Write::ok, ReadBack::unknown),     look_of(Write::ok, ReadBack::ok)};
  for (const WriteLook& worse : order) {
    for (const WriteLook& better : order) {
      if (&better < &worse) continue;
      for (const bool swapped : {false, true}) {
        Story story(two_streams());
        story.look("api", swapped ? better : worse).look("second", swapped ? worse : better);
        const Signals s = story.situation().signals;
        CHECK(name(s.write) == name(worse.write));
        CHECK(name(s.read_back) == name(worse.read_back));
      }
    }
  }
}

TEST_CASE("the sentinel is the worst of the streams that keep sentinels") {
  WriteLook keeps_none = write_ok();
  WriteLook cannot_tell = write_ok();
  cannot_tell.rungs_expected = 3;
  WriteLook reset = with_rungs(write_ok(), 0);
  reset.sentinel = Sentinel::reset;
  const WriteLook present = with_rungs(write_ok(), 0), missing = with_rungs(write_ok(), 2);
  const auto together = [](const WriteLook& a, const WriteLook& b) {
    Story story(two_streams());
    story.look("api", a).look("second", b);
    return story.situation().signals.sentinel;
  };
  CHECK(together(present, keeps_none) == Sentinel::present);
  CHECK(together(present, cannot_tell) == Sentinel::unknown);
  CHECK(together(missing, cannot_tell) == Sentinel::missing);
  CHECK(together(missing, reset) == Sentinel::reset);
  CHECK(together(keeps_none, keeps_none) == Sentinel::unknown);
}

TEST_CASE("the client is the worst view, the cache the strongest of those that answered") {
  Story story(two_views());
  story.look("shop", view_ok()).look("app", view_ok(CacheClass::cache_stale));
  CHECK(story.situation().signals.client == Client::ok);
  CHECK(story.situation().signals.cache == Cache::cache);
  story.look("shop", view_ok(CacheClass::stale_on_error));
  CHECK(story.situation().signals.cache == Cache::on_error);
  story.look("shop", view_fails());
  CHECK(story.situation().signals.client == Client::fail);
  CHECK(story.situation().signals.cache == Cache::cache);  // the failing view answered nothing
  story.look("shop", ViewLook{});
  CHECK(story.situation().signals.client == Client::unknown);
}

TEST_CASE("a first visitor's failure and a returning visitor's cached answer are told together") {
  Story story(policy_with_view());
  story.view(view_ok());
  ViewLook both = view_fails();
  both.cache = CacheClass::cache_stale;
  story.view(both);
  CHECK(story.situation().signals.client == Client::fail);
  CHECK(story.situation().signals.cache == Cache::cache);
}

TEST_CASE("how an answer was served is what the cache signal says") {
  const std::pair<CacheClass, Cache> cases[] = {{CacheClass::origin, Cache::no},
                                                {CacheClass::cache_fresh, Cache::cache},
                                                {CacheClass::cache_stale, Cache::cache},
                                                {CacheClass::stale_on_error, Cache::on_error},
                                                {CacheClass::unknown, Cache::unknown}};
  for (const auto& [evidence, signal] : cases) {
    Story story(policy_with_view());
    story.view(view_ok(evidence));
    CHECK(story.situation().signals.cache == signal);
  }
}

TEST_CASE("a value older than three of its intervals is unknown") {
  Policy policy = policy_with_view();
  policy.beacons = CountSource{.name = "apps"};
  policy.traffic = CountSource{.name = "committed"};
  Story story(policy);
  BeaconLook low;
  low.beacons = Beacons::low;
  TrafficLook active;
  active.traffic = Traffic::active;
  story.write(with_rungs(write_ok(), 0)).view(view_ok()).look("apps", low).look("committed", active);
  story.pass(180s + 100ms);
  Signals s = story.situation().signals;
  CHECK(s.write == Write::ok);
  CHECK(s.sentinel == Sentinel::present);
  CHECK(s.client == Client::ok);
  CHECK(s.beacons == Beacons::low);
  CHECK(s.traffic == Traffic::active);
  story.pass(1ms);
  s = story.situation().signals;
  CHECK(s == Signals{});
}

TEST_CASE("slow counts as throttled") {
  Story story(usual_policy());
  WriteLook slow = write_ok();
  slow.slow = true;
  story.write(slow);
  CHECK(story.situation().signals.write == Write::throttle);
  CHECK(story.situation().signals.read_back == ReadBack::ok);
}

TEST_CASE("paused writes are unknown, what is kept is still looked for") {
  Story story(usual_policy());
  story.healthy().command(CommandKind::pause_writes);
  story.vouched(with_rungs(write_ok(), 3, true));
  CHECK(story.situation().signals.write == Write::unknown);
  CHECK(story.situation().signals.read_back == ReadBack::unknown);
  CHECK(story.situation().signals.sentinel == Sentinel::missing);
}

TEST_CASE("a look at something that is not in the policy, or of another kind, changes nothing") {
  Story story(policy_with_view());
  story.healthy();
  const auto before = story.state;
  story.look("nobody", write_fails()).look("shop", write_fails()).look("api", view_fails());
  CHECK(story.state == before);
}

TEST_CASE("a look that was overtaken by a newer one is forgotten") {
  Story story(usual_policy());
  story.healthy().vouched(write_ok());
  story.now = story.now + -5s;
  story.vouched(write_fails());
  CHECK(story.situation().signals.write == Write::ok);
}

TEST_CASE("details are kept short, whole UTF-8 letters only") {
  Observation seen;
  seen.service = "orders";
  seen.probe = "api";
  seen.started = seen.ended = kStart;
  seen.look = write_fails();
  for (int i = 0; i < 400; ++i) seen.detail += "\xc3\xa9";
  Story story(usual_policy());
  story.take(seen, kStart);
  const std::string& kept = story.state.writes[0].detail;
  CHECK(kept.size() <= 240);
  CHECK(kept.size() % 2 == 0);
  CHECK(kept == seen.detail.substr(0, kept.size()));
}
