// When a job that tells of itself is late, failed or stuck.
#include "probes/check/heartbeat.h"

#include <catch2/catch.hpp>

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Beat;
using probes::check::HeartbeatOptions;
using probes::check::judge;

namespace {
const model::WallTime kNow = model::from_unix_millis(1'800'000'000'000);
const HeartbeatOptions kHourly{1h, 5min, 20min};
}  // namespace

TEST_CASE("a heartbeat is unknown until the job has told something") {
  const auto judged = judge({}, kHourly, kNow);
  CHECK_FALSE(judged.known);
  CHECK(judged.detail == "the job has not told anything yet");
}

TEST_CASE("a heartbeat is well for as long as the interval and the grace, and no longer") {
  model::HeartbeatState state;
  state.take(Beat::ok, 0, kNow);
  CHECK(judge(state, kHourly, kNow).detail.empty());
  CHECK(judge(state, kHourly, kNow + 65min).detail.empty());
  const auto late = judge(state, kHourly, kNow + 65min + 1ms);
  CHECK(late.known);
  CHECK(late.step == "heartbeat");
  CHECK(late.detail.find("expected every 1 h") != std::string::npos);
}

TEST_CASE("a run that failed is told until one ends well") {
  model::HeartbeatState state;
  state.take(Beat::ok, 0, kNow);
  state.take(Beat::start, 0, kNow + 1min);
  CHECK(judge(state, kHourly, kNow + 2min).detail.empty());
  state.take(Beat::fail, 3, kNow + 2min);
  CHECK(judge(state, kHourly, kNow + 3min).detail == "the job said that it failed, 1 min ago, exit code 3");
  state.take(Beat::start, 0, kNow + 4min);
  CHECK_FALSE(judge(state, kHourly, kNow + 5min).detail.empty());  // trying again is not yet well
  state.take(Beat::ok, 0, kNow + 6min);
  CHECK(judge(state, kHourly, kNow + 7min).detail.empty());
}

TEST_CASE("a run that does not end is told, where a longest one is given") {
  model::HeartbeatState state;
  state.take(Beat::start, 0, kNow);
  CHECK(judge(state, kHourly, kNow + 20min).detail.empty());
  const auto stuck = judge(state, kHourly, kNow + 21min);
  CHECK(stuck.step == "run");
  CHECK(stuck.detail.find("has not ended") != std::string::npos);
  CHECK(judge(state, {1h, 5min, 0ms}, kNow + 21min).detail.empty());
  CHECK_FALSE(judge(state, {1h, 5min, 0ms}, kNow + 66min).detail.empty());  // started once is no heartbeat
}
