#pragma once
// What the monitor is to do, ready made: app builds it from the configuration and the store.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluator/policy.h"
#include "evaluator/site.h"
#include "probes/anchor/anchors.h"
#include "probes/check/heartbeat.h"
#include "probes/traffic/count_source.h"
#include "probes/view/view.h"
#include "probes/write_probe.h"

namespace deadcalm::monitor {

struct WritePlan {
  std::unique_ptr<probes::WriteProbe> probe;
  model::Millis interval{60'000};
};

struct ViewPlan {
  std::unique_ptr<probes::View> view;
  model::Millis interval{60'000};
  std::string heartbeat{};  // the name a job tells itself by; empty: no heartbeat
};

struct TrafficPlan {
  std::unique_ptr<probes::CountSource> source;
  model::Millis interval{60'000}, timeout{10'000};
  model::Millis window{300'000};  // what a look counts while nothing fails
};

struct ServicePlan {
  std::string name;
  evaluator::Policy policy;  // its probes in the order of `writes` and `views`
  std::vector<WritePlan> writes;
  std::vector<ViewPlan> views;
  std::optional<TrafficPlan> traffic;  // there if policy.traffic is
};

struct Plan {
  std::string site, instance;
  evaluator::SitePolicy site_policy;
  std::unique_ptr<probes::Anchors> anchors;
  std::unique_ptr<probes::check::HeartbeatBoard> heartbeats;  // what views of services read; may be null
  model::Millis anchor_interval{30'000};
  std::size_t max_in_flight = 10'000;  // looks at services under way at the same time; others wait
  model::Millis retention = std::chrono::hours{24 * 90};  // of what the store keeps as history
  std::vector<ServicePlan> services;
};

}  // namespace deadcalm::monitor
