// The evaluator's state survives a restart.
#include "monitor/state_json.h"

#include <catch2/catch.hpp>

#include "tests/evaluator/holds.h"
#include "tests/evaluator/random_events.h"

using namespace deadcalm::evaluator;
using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::monitor::site_from_json;
using deadcalm::monitor::state_from_json;
using deadcalm::monitor::to_json;

namespace {

// No member has its default value, so that one which is not saved is missed.
Streak some_streak() {
  return {3, kStart + 1s, (kStart + 2s).steady, 900ms};
}

Streaks some_streaks() {
  const FailedLook waiting{kStart + 3s, {true, true, true, true, true}};
  return {some_streak(), some_streak(),      some_streak(),
          some_streak(), {waiting, waiting}, (kStart + 4s).steady};
}

WriteState some_write() {
  WriteState w;
  w.probe = "api";
  w.looked = w.slow = w.container_gone = w.newest_rung_missing = w.database_still_has_it = true;
  w.armed = w.setup_told = true;
  w.started = kStart + 5s;
  w.ended = kStart + 6s;
  w.write = Write::read_only;
  w.read_back = ReadBack::lost;
  w.sentinel = Sentinel::reset;
  w.rungs_expected = 4;
  w.credential_ends = kStart.wall + 9s;
  w.rungs_missing = 2;
  w.cycle_time = 812ms;
  w.step = "plant";
  w.detail = "\"quoted\", \xc3\xa9 and \n lines";
  w.last_good = kStart + 7s;
  w.throttled_since = (kStart + 8s).steady;
  w.failing_since = kStart + 31s;
  w.answered_since = (kStart + -9s).steady;
  w.canaries = {{18'446'744'073'709'551'615ULL, (kStart + -10s).steady, true}};
  w.streaks = some_streaks();
  return w;
}

ViewState some_view() {
  ViewState v;
  v.probe = "shop";
  v.looked = v.answered = v.armed = v.setup_told = true;
  v.started = kStart + 11s;
  v.ended = kStart + 12s;
  v.client = Client::fail;
  v.cache = CacheClass::stale_on_error;
  v.http_status = 502;
  v.cache_evidence = "X-Cache-Status: STALE";
  v.step = "fetch";
  v.detail = "bad gateway";
  v.lifetime = 60s;
  v.newest_planted = (kStart + -13s).steady;
  v.seen = {{"s1-api", 42}};
  v.streaks = some_streaks();
  return v;
}

Label some_label(int row) {
  return {Verdict::masked_outage,
          Masked::yes,
          AlarmClass::hard,
          Alarm::page,
          Severity::critical,
          row,
          true,
          "api"};
}

OpenIncident some_incident() {
  OpenIncident incident;
  incident.label = some_label(8);
  incident.since = kStart + 14s;
  incident.well = incident.calm = some_streak();
  incident.loss = incident.loss_critical = incident.beacons_were_high = true;
  incident.next = some_label(9);
  incident.next_since = (kStart + 15s).steady;
  return incident;
}

ServiceState some_state() {
  ServiceState s;
  s.writes = {some_write(), some_write()};
  s.views = {some_view()};
  s.traffic = {true,      kStart + 16s, kStart + 17s, Traffic::silent,
               0.1 + 0.2, 1e-300,       kStart + 32s, some_streaks()};
  s.beacons = {true, kStart + 18s, kStart + 19s, Beacons::high, 40, 30, 20, 10};
  s.anchor_started = (kStart + 20s).steady;
  s.anchor_ok_started = (kStart + 21s).steady;
  s.anchor_bad = s.loop_late = true;
  s.frozen_since = (kStart + 22s).steady;
  s.fresh_after = (kStart + 23s).steady;
  s.said = Verdict::masked_outage;
  s.incident = some_incident();
  s.behind_since = kStart + 24s;
  s.beacons_high_since = kStart + 25s;
  s.changes = {(kStart + 26s).steady, (kStart + 27s).steady};
  s.recovery_factor = 4;
  s.unknown_since = kStart + 28s;
  s.unknown_told = s.clone_told = s.credential_told = s.writes_paused = s.reset_expected = true;
  s.looks_without_clone = 2;
  s.deploy_until = (kStart + 29s).steady;
  s.reset_expected_until = (kStart + 30s).steady;
  return s;
}

Instant shifted(Instant at, Millis wall, Millis steady) {
  return {at.wall + wall, at.steady + steady};
}

ServiceState load(const std::string& text, Instant now) {
  const auto state = state_from_json(text, now);
  INFO((state ? "" : state.error().message) << "\n" << text);
  REQUIRE(state);
  return *state;
}

}  // namespace

TEST_CASE("every member comes back as it was") {
  const ServiceState state = some_state();
  CHECK(load(to_json(state, kStart + 40s), kStart + 40s) == state);
  CHECK(load(to_json(ServiceState{}, kStart), kStart) == ServiceState{});
}

TEST_CASE("whatever happened, a saved state has the same future") {
  holds([] {
    const auto events = random_events(200);
    ServiceState state;
    const std::size_t half = events.size() / 2;
    for (std::size_t i = 0; i < half; ++i)
      (void)evaluate(random_policy(), state, events[i].event, events[i].at);
    const Instant saved_at = events[half].at;
    auto restored = state_from_json(to_json(state, saved_at), saved_at);
    RC_ASSERT(restored.has_value());
    RC_ASSERT(*restored == state);
    for (std::size_t i = half; i < events.size(); ++i) {
      const Step a = evaluate(random_policy(), state, events[i].event, events[i].at);
      const Step b = evaluate(random_policy(), *restored, events[i].event, events[i].at);
      RC_ASSERT(a.transitions.size() == b.transitions.size());
      RC_ASSERT(a.wishes.wake_at == b.wishes.wake_at);
      RC_ASSERT(a.wishes.recheck == b.wishes.recheck);
    }
    RC_ASSERT(*restored == state);
  });
}

TEST_CASE("after a restart ages go on by the wall clock, whatever the new steady clock starts with") {
  Story story(policy_with_view());
  story.healthy().outage();
  const std::string saved = to_json(story.state, story.now);
  const Instant then = story.now;

  const Instant later = shifted(then, 90s, -4'000s);  // another machine start: the steady clock is younger
  const ServiceState state = load(saved, later);
  REQUIRE(state.incident);
  CHECK(state.incident->since.wall == story.state.incident->since.wall);
  CHECK(later.steady - state.incident->since.steady ==
        then.steady - story.state.incident->since.steady + 90s);
  CHECK(later.steady - state.writes[0].canaries.back().planted ==
        then.steady - story.state.writes[0].canaries.back().planted + 90s);
}

TEST_CASE("a wall clock that was set back makes nothing younger than it was") {
  Story story(usual_policy());
  story.healthy();
  const Instant earlier = shifted(story.now, -1h, 7s);
  const ServiceState state = load(to_json(story.state, story.now), earlier);
  CHECK(earlier.steady - state.writes[0].ended.steady ==
        story.now.steady - story.state.writes[0].ended.steady);
}

TEST_CASE("an open incident is confirmed again after a restart, without a second page") {
  Story story(usual_policy());
  story.healthy().outage();
  const Instant after = shifted(story.now, 10min, 0ms);
  story.state = load(to_json(story.state, story.now), after);
  story.now = after;
  story.repeat(20, 10s, write_fails());
  CHECK(story.told.empty());
  story.pass(10s).repeat(6, 60s, write_ok());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::recovered);
}

TEST_CASE("dead when an armed probe starts again: it pages, and needs no new proof") {
  Story story(usual_policy());
  story.healthy();
  const Instant after = shifted(story.now, 1h, 0ms);
  story.state = load(to_json(story.state, story.now), after);
  story.now = after;
  CHECK(story.situation().verdict == Verdict::unknown);
  story.repeat(7, 10s, write_fails());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::backend_outage);
  CHECK(story.told[0].alarm == Alarm::page);
}

TEST_CASE("text that is not a state is refused with the member's name") {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{\"version\":1", "not a JSON object"},
      {"{}", "version is not 1"},
      {R"({"version":2,"saved":0,"state":{}})", "version is not 1"},
      {R"({"version":1,"state":{}})", "saved or state is missing"},
      {R"({"version":1,"saved":0,"state":[]})", "saved or state is missing"},
      {R"({"version":1,"saved":-9223372036854775808,"state":{}})", "saved is no time"},
      {R"({"version":1,"saved":0,"state":{"said":"fine"}})", "said is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"writes":{}}})", "writes is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"writes":[{"detail":5}]}})", "detail is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"anchor_started":9223372036854775807}})",
       "anchor_started is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"changes":[true]}})", "changes is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"recovery_factor":0}})",
       "recovery_factor is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"recovery_factor":99999999999}})",
       "recovery_factor is not what it should be"},
      {R"({"version":1,"saved":0,"state":{"traffic":{"expected":"much"}}})",
       "expected is not what it should be"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto state = state_from_json(c.text, kStart);
    REQUIRE_FALSE(state);
    CHECK(state.error().kind == ErrorKind::bad_input);
    CHECK(state.error().message == c.message);
  }
}

TEST_CASE("no damaged state makes the loader fall over") {
  const std::string good = to_json(some_state(), kStart);
  holds([&] {
    std::string text = good;
    for (int i = 0; i < 3; ++i) {
      text[*rc::gen::inRange<std::size_t>(0, text.size())] = static_cast<char>(*rc::gen::inRange(32, 127));
    }
    auto state = state_from_json(text, kStart);
    if (!state) return;
    (void)evaluate(random_policy(), *state, Wake{}, kStart + 1s);  // whatever it holds now
    (void)situation(random_policy(), *state, kStart + 1s);
  });
}

TEST_CASE("members of a newer program are ignored") {
  const ServiceState state =
      load(R"({"version":1,"saved":0,"state":{"mood":"calm","anchor_bad":true}})", kStart);
  CHECK(state.anchor_bad);
}

TEST_CASE("the site's state comes back too") {
  const SiteState state{true, true, 1, 3, (kStart + 1s).steady, kStart + 2s, true};
  const auto back = site_from_json(to_json(state, kStart), kStart);
  REQUIRE(back);
  CHECK(*back == state);
  CHECK_FALSE(site_from_json("nonsense", kStart));
}

TEST_CASE("the state of a usual service is small") {
  Story story(policy_with_view());
  for (int i = 0; i < 100; ++i)
    story.pass(60s).vouched(write_ok()).view(view_shows(story.last_seq, story.now.wall));
  CHECK(to_json(story.state, story.now).size() < 4096);
}
