#pragma once
// The monitor's inner types, shared by its .cpp files only.
#include "evaluator/traffic.h"
#include "monitor/look_counts.h"
#include "monitor/monitor.h"

namespace deadcalm::monitor {

// Key of the site's own state beside those of the services, whose names cannot hold a slash.
inline constexpr const char* kSiteDocument = "/site";

// How often history is looked through for what may go.
inline constexpr model::Millis kPruneEvery{600'000};

// Kind of the documents that hold what traffic is usual, by service.
inline constexpr const char* kTrafficHistory = "traffic";

// Looks of one write probe, counted a day.
struct CountedLooks {
  LookCounts counts;
  bool after_good = false;  // the last look was good: the next one tells how often a look fails by itself
  bool changed = false;
};

// Who else writes.
struct CountedTraffic {
  evaluator::TrafficHistory history;
  model::TrafficStatus status;
  bool past_asked = false;  // what the source remembers was asked for, once a start
  model::SteadyTime saved{};
};

// Something with a due time.
struct Monitor::Thing {
  Kind kind = Kind::wake;
  std::uint32_t service = 0, index = 0;
  model::Millis interval{0};            // 0: only when wished
  SteadyTime regular = Agenda::kNever;  // next start by its own interval
  bool running = false;
  bool again = false;                 // wanted while it ran
  bool rechecking = false;            // its due time is a recheck: an anchor look goes beside
  std::vector<Operation> operations;  // waiting for the probe to be idle, oldest first
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
  std::vector<CountedLooks> write_counts;
  model::SteadyTime counts_saved{};
  std::vector<model::ViewStatus> view_status;
  std::unique_ptr<CountedTraffic> traffic;  // there if the plan counts it: most services do not
};

}  // namespace deadcalm::monitor
