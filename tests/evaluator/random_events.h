#pragma once
// Random but lively sequences of events: phases of good and bad looks, so that incidents do open and close.
#include <rapidcheck.h>

#include <vector>

#include "tests/evaluator/story.h"

namespace deadcalm::evaluator::testing {

struct TimedEvent {
  Event event;
  Instant at;
};

inline const Policy& random_policy() {
  static const Policy policy = [] {
    Policy p = policy_with_view();
    p.traffic = CountSource{.name = "committed"};
    p.beacons = CountSource{.name = "apps"};
    return p;
  }();
  return policy;
}

template <class Look>
Event event_of(const char* probe, const Look& look, Instant started) {
  model::Observation seen;
  seen.service = std::is_same_v<Look, model::AnchorLook> ? "" : "orders";
  seen.probe = probe;
  seen.started = started;
  seen.ended = started + 100ms;
  seen.look = look;
  return seen;
}

inline Event write_event(const model::WriteLook& look, Instant started) {
  return event_of("api", look, started);
}

// How the world is for a while.
struct Weather {
  int write = 0, view = 0, anchors = 0, traffic = 0, beacons = 0;  // 0: good
};

inline Weather any_weather() {
  // Mostly good; each kind of bad now and then.
  const auto one_of = [](int kinds) { return *rc::gen::weightedElement<int>({{3, 0}, {2, 1}, {1, kinds}}); };
  Weather w;
  w.write = *rc::gen::inRange(0, 2) == 0 ? 0 : *rc::gen::inRange(1, 9);
  w.view = one_of(2);
  w.anchors = *rc::gen::weightedElement<int>({{9, 0}, {1, 1}});
  w.traffic = one_of(2);
  w.beacons = one_of(2);
  return w;
}

inline model::WriteLook write_in(const Weather& w, std::uint64_t seq, Instant at) {
  using model::Write;
  model::WriteLook look = with_rungs(write_ok(), 0);
  switch (w.write) {
    case 1: look = write_fails(Write::net); break;
    case 2: look = write_fails(Write::server); break;
    case 3: look = write_fails(Write::read_only, model::ReadBack::ok); break;
    case 4: look = write_fails(Write::auth); break;
    case 5: look = write_fails(Write::contract); break;
    case 6: look = write_fails(Write::throttle); break;
    case 7: look = with_rungs(write_ok(), *rc::gen::inRange(1, 4)); break;
    case 8: look = write_unknown(); break;
    default: break;
  }
  look.seq = seq;
  look.planted_at = at;
  return look;
}

inline model::ViewLook view_in(const Weather& w, std::uint64_t seq, Instant at) {
  if (w.view == 1) return view_fails();
  model::ViewLook look = view_shows(seq, at.wall);
  if (w.view == 2) look.cache = model::CacheClass::cache_stale;
  return look;
}

inline Event any_command(Instant at) {
  model::Command command;
  command.service = "orders";
  command.kind =
      *rc::gen::element(model::CommandKind::sentinels_accept, model::CommandKind::deploy_start,
                        model::CommandKind::pause_writes, model::CommandKind::resume_writes,
                        model::CommandKind::maintenance_start, model::CommandKind::maintenance_end);
  command.expect_reset = *rc::gen::arbitrary<bool>();
  command.until = at.wall + 5min;
  return command;
}

inline std::vector<TimedEvent> random_events(int count) {
  std::vector<TimedEvent> events;
  Instant at = kStart;
  std::uint64_t seq = 0, shown = 0;
  Weather weather;
  for (int i = 0; i < count; ++i) {
    if (*rc::gen::inRange(0, 25) == 0) weather = any_weather();
    at = at + Millis{*rc::gen::weightedElement<int>({{6, 10'000}, {2, 1'000}, {2, 30'000}, {1, 60'000}})};
    const int what = *rc::gen::inRange(0, 100);
    if (what < 2) {
      events.push_back({any_command(at), at});
    } else if (what < 5) {
      events.push_back({Wake{*rc::gen::inRange(0, 20) == 0}, at});
    } else if (what < 60) {
      events.push_back({event_of("", model::AnchorLook{weather.anchors == 0 ? 3 : 0, 3}, at), at + 50ms});
      events.push_back({write_event(write_in(weather, ++seq, at), at), at + 100ms});
      if (weather.write == 0) shown = seq;
    } else if (what < 85) {
      events.push_back({event_of("shop", view_in(weather, shown, at), at), at + 100ms});
    } else if (what < 93) {
      model::TrafficLook look;
      look.traffic = static_cast<model::Traffic>(weather.traffic);
      look.window_start = at;
      events.push_back({event_of("committed", look, at), at + 100ms});
    } else {
      model::BeaconLook look;
      look.beacons = static_cast<model::Beacons>(weather.beacons);
      events.push_back({event_of("apps", look, at), at + 100ms});
    }
  }
  return events;
}

}  // namespace deadcalm::evaluator::testing
