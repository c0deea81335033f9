#pragma once
// From the configuration and what the store remembers to the monitor's plan.
#include <set>
#include <string>
#include <vector>

#include "app/configured.h"
#include "monitor/plan.h"
#include "probes/ledger.h"
#include "store/store.h"

namespace deadcalm::app {

// What the store knew at start.
struct Remembered {
  store::Identity identity;
  std::vector<model::Stream> streams;
  std::vector<model::Record> records;
  std::set<std::string> proved_anchors;
};

model::Result<Remembered> remember(store::Store& store);

struct PlanDeps {
  runtime::Clock& clock;
  runtime::HttpClient& client;
  net::any_io_executor executor;
  probes::Ledger& ledger;
};

// Streams go on where they were when service, probe and target are the same; another target starts a
// new one. What is left of streams that are no longer configured is told in the log.
monitor::Plan build_plan(const Configured& configured, const Remembered& remembered, const PlanDeps& deps);

// One write probe with a stream of its own, for `probe NAME`.
probes::BackendDeps backend_deps(const Configured& configured, const store::Identity& identity,
                                 const PlanDeps& deps);

}  // namespace deadcalm::app
