#pragma once
// The monitor's inner types, shared by its .cpp files only.
#include "evaluator/traffic.h"
#include "monitor/monitor.h"

namespace deadcalm::monitor {

// Key of the site's own state beside those of the services, whose names cannot hold a slash.
inline constexpr const char* kSiteDocument = "/site";

// How often history is looked through for what may go.
inline constexpr model::Millis kPruneEvery{600'000};

// Kind of the documents that hold what traffic is usual, by service.
inline constexpr const char* kTrafficHistory = "traffic";

// Something with a due time.
struct Monitor::Thing {
  Kind kind = Kind::wake;
  std::uint32_t service = 0, index = 0;
  model::Millis interval{0};            // 0: only when wished
  SteadyTime regular = Agenda::kNever;  // next start by its own interval
  bool running = false;
  bool again = false;                // wanted while it ran
  bool rechecking = false;           // its due time is a recheck: an anchor look goes beside
  std::deque<Operation> operations;  // waiting for the probe to be idle
};

struct Monitor::Service {
  ServicePlan plan;
  std::uint32_t number = 0;
  std::vector<Agenda::Id> write_ids, view_ids;
  Agenda::Id wake_id = 0;
  std::optional<Agenda::Id> traffic_id;
  evaluator::ServiceState state;
  bool paused = false;
  model::SteadyTime saved{};
  bool was_quiet = true;  // phase ok at the last judgement
  model::SteadyTime tallied{};
  double masked_seconds = 0, unknown_seconds = 0;
  std::vector<model::WriteStatus> write_status;
  std::vector<model::ViewStatus> view_status;
  std::optional<model::TrafficStatus> traffic_status;
  evaluator::TrafficHistory traffic;
  bool past_asked = false;  // what the source remembers was asked for, once a start
  model::SteadyTime traffic_saved{};
};

}  // namespace deadcalm::monitor
