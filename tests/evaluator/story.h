#pragma once
// Tells a service's story to the evaluator on explicit instants: looks, wakes, commands. No real clock.
#include <string>
#include <utility>
#include <vector>

#include "evaluator/evaluate.h"

namespace deadcalm::evaluator::testing {

using namespace std::chrono_literals;
using model::Instant;

inline const Instant kStart{model::from_unix_millis(1'790'000'000'000), model::SteadyTime{Millis{5'000'000}}};

inline Policy usual_policy() {
  Policy policy;
  policy.service = "orders";
  policy.writes = {{.name = "api", .stream = "s1-api"}};
  return policy;
}

inline Policy policy_with_view() {
  Policy policy = usual_policy();
  policy.views = {{.name = "shop"}};
  return policy;
}

inline model::WriteLook write_ok() {
  model::WriteLook look;
  look.write = model::Write::ok;
  look.read_back = model::ReadBack::ok;
  look.armed = look.plant_attempted = look.acknowledged = true;
  return look;
}

inline model::WriteLook write_fails(model::Write how = model::Write::net,
                                    model::ReadBack read_back = model::ReadBack::fail) {
  model::WriteLook look;
  look.write = how;
  look.read_back = read_back;
  look.armed = look.plant_attempted = true;
  return look;
}

inline model::WriteLook write_unknown() {
  model::WriteLook look;
  look.armed = true;
  return look;
}

// Sentinels present unless said otherwise; three rungs.
inline model::WriteLook with_rungs(model::WriteLook look, int missing, bool newest_missing = false) {
  look.sentinel = missing > 0 ? model::Sentinel::missing : model::Sentinel::present;
  look.rungs_expected = 3;
  look.rungs_missing = missing;
  look.newest_rung_missing = newest_missing;
  return look;
}

inline model::ViewLook view_ok(model::CacheClass cache = model::CacheClass::origin) {
  model::ViewLook look;
  look.client = model::Client::ok;
  look.cache = cache;
  look.http_status = 200;
  return look;
}

inline model::ViewLook view_fails() {
  model::ViewLook look;
  look.client = model::Client::fail;
  look.http_status = 502;
  return look;
}

inline model::ViewLook view_shows(std::uint64_t seq, model::WallTime written,
                                  const std::string& stream = "s1-api") {
  model::ViewLook look = view_ok();
  look.newest = model::SeenToken{stream, seq, written};
  return look;
}

class Story {
 public:
  explicit Story(Policy given) : policy(std::move(given)) {}

  Policy policy;
  ServiceState state;
  Instant now = kStart;                    // when the next look starts
  std::vector<model::Transition> told;     // by the last step
  std::vector<model::Transition> history;  // by all
  Wishes wishes;

  Story& pass(Millis d) {
    now = now + d;
    return *this;
  }

  Story& take(const Event& event, Instant at) {
    Step step = evaluate(policy, state, event, at);
    told = std::move(step.transitions);
    wishes = step.wishes;
    history.insert(history.end(), told.begin(), told.end());
    return *this;
  }

  // A look that starts now and takes so long; the story's clock stays where it is.
  template <class Look>
  Story& look(const std::string& probe, Look what, Millis took = 100ms) {
    model::Observation seen;
    seen.service = policy.service;
    seen.probe = probe;
    seen.started = now;
    seen.ended = now + took;
    if constexpr (std::is_same_v<Look, model::WriteLook>) {
      if (what.plant_attempted && what.seq == 0) what.seq = ++last_seq;
      what.planted_at = now;
      if (what.write != model::Write::ok) {
        seen.step = "plant";
        seen.detail = "connection refused 127.0.0.1:8080";
      }
    }
    if constexpr (std::is_same_v<Look, model::TrafficLook>) {
      if (what.window_start == Instant{}) what.window_start = now;
    }
    seen.look = what;
    return take(seen, seen.ended);
  }

  Story& write(const model::WriteLook& what, Millis took = 100ms) { return look("api", what, took); }
  Story& view(const model::ViewLook& what) { return look("shop", what); }

  Story& anchor(int answered = 3, int voting = 3) {
    model::Observation seen;
    seen.started = now;
    seen.ended = now + 50ms;
    seen.look = model::AnchorLook{answered, voting};
    return take(seen, seen.ended);
  }

  // A look with an anchor look beside it that sees.
  template <class Look>
  Story& vouched(const Look& what) {
    anchor();
    std::vector<model::Transition> before = std::move(told);
    if constexpr (std::is_same_v<Look, model::WriteLook>) {
      write(what);
    } else {
      view(what);
    }
    told.insert(told.begin(), before.begin(), before.end());
    return *this;
  }

  Story& wake(bool loop_late = false) { return take(Wake{loop_late}, now); }

  Story& command(model::CommandKind kind, model::WallTime until = {}, bool expect_reset = false) {
    model::Command what;
    what.kind = kind;
    what.service = policy.service;
    what.until = until;
    what.expect_reset = expect_reset;
    return take(what, now);
  }

  // `times` vouched looks, `apart` between their starts; the clock ends at the last one's start.
  // `told` holds what all of them told.
  template <class Look>
  Story& repeat(int times, Millis apart, const Look& what) {
    std::vector<model::Transition> all;
    for (int i = 0; i < times; ++i) {
      if (i > 0) pass(apart);
      vouched(what);
      all.insert(all.end(), told.begin(), told.end());
    }
    told = std::move(all);
    return *this;
  }

  // Armed and healthy for some minutes.
  Story& healthy(int looks = 5) {
    repeat(looks, 60s, write_ok());
    pass(60s);
    told.clear();
    return *this;
  }

  // A confirmed outage by the write probe: seven looks ten seconds apart.
  Story& outage(const model::WriteLook& what = write_fails()) {
    repeat(7, 10s, what);
    return pass(10s);
  }

  Situation situation() const { return evaluator::situation(policy, state, now); }

  std::uint64_t last_seq = 0;
};

}  // namespace deadcalm::evaluator::testing
