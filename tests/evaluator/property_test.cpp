// What holds for every sequence of events, not only for the stories somebody thought of.
#include <catch2/catch.hpp>

#include "evaluator/site.h"
#include "evaluator/streak.h"
#include "tests/evaluator/holds.h"
#include "tests/evaluator/random_events.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::kMostCanaries;
using deadcalm::evaluator::kMostWaiting;
using deadcalm::evaluator::Phase;
using deadcalm::evaluator::ServiceState;
using deadcalm::evaluator::Situation;
using deadcalm::evaluator::Step;
using deadcalm::evaluator::Streak;

namespace {

bool about_service(const Transition& t) {
  return !t.subject.own && t.reason != Reason::setup && t.reason != Reason::first_proof;
}

std::vector<Transition> play(ServiceState& state, const std::vector<TimedEvent>& events) {
  std::vector<Transition> told;
  for (const TimedEvent& e : events) {
    Step step = evaluate(random_policy(), state, e.event, e.at);
    told.insert(told.end(), step.transitions.begin(), step.transitions.end());
  }
  return told;
}

bool same(const Transition& a, const Transition& b) {
  return a.subject == b.subject && a.at == b.at && a.from == b.from && a.to == b.to && a.masked == b.masked &&
         a.alarm == b.alarm && a.severity == b.severity && a.reason == b.reason && a.row == b.row &&
         a.evidence.signals == b.evidence.signals && a.evidence.since == b.evidence.since &&
         a.evidence.tries == b.evidence.tries;
}

}  // namespace

TEST_CASE("the same events tell the same, from the same state") {
  holds([] {
    const auto events = random_events(150);
    ServiceState first, second;
    const auto told_first = play(first, events), told_second = play(second, events);
    RC_ASSERT(first == second);
    RC_ASSERT(std::ranges::equal(told_first, told_second, same));
  });
}

TEST_CASE("incidents open once, are told in order, and end with healthy") {
  int opened = 0, resolved = 0, relabelled = 0;
  holds([&] {
    ServiceState state;
    bool open = false;
    Verdict last = Verdict::unknown;
    Alarm alarm = Alarm::none;
    Severity severity = Severity::info;
    for (const Transition& t : play(state, random_events(400))) {
      if (!about_service(t)) continue;
      if (t.reason == Reason::confirmed) {
        RC_ASSERT_FALSE(open);
        RC_ASSERT(t.alarm != Alarm::none);
        open = true;
        ++opened;
      } else {
        RC_ASSERT(open);
        RC_ASSERT(t.from == last);  // no step is left out
        ++relabelled;
      }
      if (t.alarm == Alarm::none) {
        RC_ASSERT(t.to == Verdict::healthy);
        ++resolved;
        open = false;
        alarm = Alarm::none;
        severity = Severity::info;
      } else {
        RC_ASSERT(t.alarm >= alarm);  // an open incident never gets quieter
        RC_ASSERT(t.severity >= severity);
        if (t.reason == Reason::label_changed) RC_ASSERT(t.alarm == alarm);
        alarm = t.alarm;
        severity = t.severity;
      }
      last = t.to;
    }
    RC_ASSERT(open == state.incident.has_value());
  });
  CHECK(opened > 10);  // the events are lively enough to prove something
  CHECK(resolved > 0);
  CHECK(relabelled > 0);
}

TEST_CASE("nothing about the service is told, and nothing counted, while blind") {
  holds([] {
    ServiceState state;
    for (const TimedEvent& e : random_events(300)) {
      const ServiceState before = state;
      const Step step = evaluate(random_policy(), state, e.event, e.at);
      if (!situation(random_policy(), state, e.at).blind) continue;
      if (std::holds_alternative<Command>(e.event)) continue;  // a person may accept a loss also then
      RC_ASSERT(step.transitions.empty());
      RC_ASSERT(state.incident == before.incident);
      RC_ASSERT(state.said == before.said);
      RC_ASSERT(state.changes == before.changes);
      for (std::size_t i = 0; i < before.writes.size(); ++i) {
        RC_ASSERT(state.writes[i].streaks.hard == before.writes[i].streaks.hard);
        RC_ASSERT(state.writes[i].streaks.loss == before.writes[i].streaks.loss);
      }
    }
  });
}

TEST_CASE("a page about a hard outage always has its looks and its minute behind it") {
  holds([] {
    ServiceState state;
    for (const TimedEvent& e : random_events(400)) {
      const Step step = evaluate(random_policy(), state, e.event, e.at);
      for (const Transition& t : step.transitions) {
        const bool opens = t.reason == Reason::confirmed || t.reason == Reason::alarm_rose;
        if (!about_service(t) || !opens || t.alarm_class != AlarmClass::hard) continue;
        RC_ASSERT(t.evidence.tries >= 3);
        RC_ASSERT(t.at.wall - t.evidence.since >= 1min);
      }
    }
  });
}

TEST_CASE("data loss ends only by a person") {
  holds([] {
    ServiceState state;
    bool lost = false;
    for (const TimedEvent& e : random_events(300)) {
      const Step step = evaluate(random_policy(), state, e.event, e.at);
      for (const Transition& t : step.transitions) {
        if (!about_service(t)) continue;
        if (t.to == Verdict::data_loss) lost = true;
        if (t.reason == Reason::accepted) lost = false;
        if (t.reason == Reason::recovered) RC_ASSERT_FALSE(lost);
      }
      if (std::holds_alternative<Command>(e.event) && !(state.incident && state.incident->loss)) lost = false;
    }
  });
}

TEST_CASE("healthy is said only of verified writes, and never while something is open") {
  holds([] {
    ServiceState state;
    for (const TimedEvent& e : random_events(300)) {
      (void)evaluate(random_policy(), state, e.event, e.at);
      const Situation s = situation(random_policy(), state, e.at);
      if (s.verdict == Verdict::healthy) RC_ASSERT_FALSE(state.incident.has_value());
      if (s.verdict == Verdict::healthy && s.phase == Phase::ok) {
        RC_ASSERT(s.signals.write == Write::ok);
        RC_ASSERT(s.signals.read_back == ReadBack::ok);
      }
      if (state.incident) RC_ASSERT(s.phase == Phase::confirmed || s.phase == Phase::recovering);
    }
  });
}

TEST_CASE("unknown looks of the write probe neither advance nor reset its counts") {
  int in_doubt = 0;
  holds([&] {
    ServiceState state;
    const auto events = random_events(200);
    (void)play(state, events);
    Instant at = events.back().at;
    if (!state.writes.empty() && state.writes[0].streaks.hard.looks > 0) ++in_doubt;
    for (int i = 0; i < 50; ++i) {
      at = at + Millis{*rc::gen::inRange(1, 60'000)};
      const auto before = state;
      (void)evaluate(random_policy(), state, write_event(write_unknown(), at), at + 100ms);
      if (before.writes.empty() || before.writes[0].streaks.last_look < at.steady - 180s) continue;
      if (before.reset_expected && !state.reset_expected)
        continue;  // an announced window ended: that accepts
      RC_ASSERT(state.writes[0].streaks.hard == before.writes[0].streaks.hard);
      RC_ASSERT(state.writes[0].streaks.soft == before.writes[0].streaks.soft);
      RC_ASSERT(state.writes[0].streaks.loss == before.writes[0].streaks.loss);
    }
  });
  CHECK(in_doubt > 0);
}

TEST_CASE("what is remembered stays small") {
  holds([] {
    ServiceState state;
    (void)play(state, random_events(600));
    for (const auto& w : state.writes) {
      RC_ASSERT(w.canaries.size() <= kMostCanaries);
      RC_ASSERT(w.streaks.waiting.size() <= kMostWaiting);
    }
    RC_ASSERT(state.changes.size() <= 8U);
    RC_ASSERT(state.recovery_factor >= 1);
    RC_ASSERT(state.recovery_factor <= 8);
  });
}

TEST_CASE("wishes to be woken lie in the future, so that the loop sleeps") {
  holds([] {
    ServiceState state;
    for (const TimedEvent& e : random_events(300)) {
      const Step step = evaluate(random_policy(), state, e.event, e.at);
      if (step.wishes.wake_at) RC_ASSERT(*step.wishes.wake_at > e.at.steady);
      RC_ASSERT(step.wishes.recheck.empty() == !step.wishes.recheck_at.has_value());
    }
  });
}

TEST_CASE("a streak knows how long it has lasted, without the time spent blind") {
  Streak streak;
  CHECK(streak.age(kStart.steady) == 0ms);
  streak.count(kStart);
  streak.count(kStart + 20s);
  CHECK(streak.lasted == 20s);
  CHECK(streak.age((kStart + 30s).steady) == 30s);
  streak.thaw((kStart + 1h).steady);
  CHECK(streak.age((kStart + 1h).steady) == 20s);
  streak.count(kStart + 1h + 5s);
  CHECK(streak.lasted == 25s);
  CHECK(streak.looks == 3);
  CHECK(streak.first == kStart);
}
