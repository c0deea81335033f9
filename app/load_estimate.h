#pragma once
// How much of one core the looks of a configuration take, roughly: what `check` says before anything runs.
// Figures of bench/ (a release build, 2026): a request 0.08 ms of CPU with all that belongs to it, a TLS
// handshake 0.8 ms more. A look opens one connection.
#include <vector>

#include "app/configured.h"

namespace deadcalm::app {

struct PlannedLooks {
  model::Millis interval{60'000};
  int calls = 1;     // requests or statements
  bool tls = false;  // its connection starts with a handshake
};

struct LoadEstimate {
  double looks_a_second = 0;
  double core_share = 0;  // 1: all of one core
};

// Above this share of a core lateness grows, and an outage of many at once is noticed late.
inline constexpr double kMostOfACore = 0.5;

LoadEstimate estimate_load(const std::vector<PlannedLooks>& looks);  // pure

// Heartbeats cost nothing that counts and are left out.
std::vector<PlannedLooks> planned_looks(const Configured& configured);

}  // namespace deadcalm::app
