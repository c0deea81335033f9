#pragma once
// From the last looks of a service to its signals (docs/semantics.md §3), and who decides the ruling.
#include <cstddef>
#include <optional>

#include "evaluator/freshness.h"
#include "evaluator/policy.h"
#include "evaluator/state.h"
#include "evaluator/table.h"
#include "model/signals.h"

namespace deadcalm::evaluator {

// 429 for this long without a success is an outage.
inline constexpr Millis kThrottledIsDown = std::chrono::minutes{10};

// A probe of the policy: the place is the index in policy.writes or policy.views.
struct ProbeRef {
  enum class Kind { none, write, view, beacons, traffic };
  Kind kind = Kind::none;
  std::size_t place = 0;
  friend bool operator==(const ProbeRef&, const ProbeRef&) = default;
};

// The signals, and whose look gave each.
struct Reading {
  model::Signals signals;
  std::optional<std::size_t> write;  // of the worst stream: write and read_back
  std::optional<std::size_t> sentinel;
  std::optional<std::size_t> client;  // the failing view, else any
  std::optional<std::size_t> cache;
  LagReading lag;
};

Reading read(const Policy& policy, const ServiceState& state, SteadyTime now);

// The signals with the table's word on them.
struct Judgement {
  Reading reading;
  Ruling ruling;
  ProbeRef decider;         // the probe whose looks are this row's ticks
  bool minor_loss = false;  // row 2 for one rung of the ladder only: a notice

  const model::Signals& signals() const { return reading.signals; }
  bool failing() const;  // an alarm class of the service: soft to loss
};

// A single missing rung must not hide an outage: if without it the table tells of one, that is the ruling.
Judgement judge(const Policy& policy, const ServiceState& state, SteadyTime now);

// One rung of three or more gone, the newest intact: perhaps a clean-up job. Else it is critical.
bool only_one_rung_gone(const WriteState& write);

// What the write result amounts to: slow is throttle, throttle for long is server.
model::Write write_signal(const WriteState& write, SteadyTime now);

const std::string& name_of(const Policy& policy, ProbeRef probe);
ProbeRef find_probe(const Policy& policy, const std::string& name);

// nullptr for beacons and none.
Streaks* streaks_of(ServiceState& state, ProbeRef probe);
const Streaks* streaks_of(const ServiceState& state, ProbeRef probe);

}  // namespace deadcalm::evaluator
