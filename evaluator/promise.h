#pragma once
// What `check` promises about a service: how fast it pages, what it leaves out, how often it is wrong. Worst
// cases from the policy alone; tests/evaluator/promise_test.cpp holds the evaluator to them.
#include <optional>

#include "evaluator/policy.h"

namespace deadcalm::evaluator {

struct Assumptions {
  double p = 0.01;    // chance that a look fails for no reason; after seven days the measured one
  double rho = 0.5;   // chance that the next one fails too
  Millis lifetime{};  // cache lifetime of the views' answers, as last seen
};

// A promise that needs something the service has not got (a write probe, a view) is absent.
struct Promise {
  std::optional<Millis> page;           // backend outage → page
  std::optional<Millis> view_page;      // outage of the clients' path or of what is checked alone → page
  std::optional<Millis> data_loss;      // → page
  std::optional<Millis> stale;          // clients get no new data → page
  std::optional<Millis> disputed;       // our write fails, customers' go through → notice
  std::optional<Millis> disputed_page;  // and → page
  std::optional<Millis> contract_page;  // a deploy broke writing → page
  Millis shortest{};                    // the shortest outage that can page
  int looks_in_a_row = 0;               // failed looks that a false page takes
  double false_page_seconds = 0;        // mean time between false pages, each look failing on its own
  double false_page_seconds_in_bursts = 0;
};

Promise promise(const Policy& policy, const Assumptions& assumptions = {});

}  // namespace deadcalm::evaluator
