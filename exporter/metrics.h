#pragma once
// /metrics in the Prometheus text format 0.0.4. All names start with deadcalm_.
//
// Values of services and probes come from the snapshot handed to render(), so a removed probe vanishes
// with the next scrape. Counters over the process's life (durations, delays) are kept here. A verdict
// is a state set with every state present; unknown is never 0 or 1; proofs are timestamps.
#include <memory>
#include <string>
#include <vector>

#include "model/observation.h"
#include "model/status.h"
#include "model/transition.h"

namespace deadcalm::exporter {

struct ChannelFacts {
  std::string channel;
  double accepted = 0, retried = 0, rejected = 0;  // attempts since start
};

// What alerting knows; the exporter does not include it.
struct OutboxFacts {
  std::size_t queued = 0, sending = 0;
  double oldest_due_seconds = 0;
  std::size_t open_incidents = 0;
  std::vector<ChannelFacts> channels;
  std::vector<std::string> silenced_services;
};

struct Facts {
  model::SiteStatus site;
  OutboxFacts outbox;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  void observe(const model::Observation& observation);  // step durations
  void observe(const model::Transition& transition);    // detection delay
  void observe_start(model::Millis late);               // a look began so long after its slot
  // Any thread; called off the loop, since ten thousand series take tens of milliseconds.
  std::string render(const Facts& facts) const;

 private:
  struct Registered;
  std::unique_ptr<Registered> registered_;
};

}  // namespace deadcalm::exporter
