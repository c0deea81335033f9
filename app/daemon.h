#pragma once
// One running deadcalm: everything wired, started in the order sinks first, stopped in the order of the
// data. `run`, the demo and the integration tests all use it.
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "alerting/alerting.h"
#include "alerting/deadman.h"
#include "app/configured.h"
#include "exporter/metrics.h"
#include "model/status.h"
#include "monitor/monitor.h"
#include "monitor/store_ledger.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"
#include "server/api.h"
#include "store/instance_lock.h"
#include "store/store_thread.h"

namespace deadcalm::app {

struct DaemonHooks {
  std::function<void(const model::Observation&)> on_observation;
  std::function<void(const model::Transition&)> on_transition;
  std::function<void(const std::string&)> on_failure;  // a part ended by a bug: drain and exit
};

// Loop thread only. The configuration must be ok() and outlive it.
class Daemon {
 public:
  Daemon(net::any_io_executor executor, const Configured& configured, std::ostream& console,
         DaemonHooks hooks = {});
  ~Daemon();

  // Takes the store's lock, opens it, restores, listens, starts. On an error nothing is left running.
  net::awaitable<model::Result<void>> start();
  // Intake, probes, alerting, store. A cycle or a page under way may end, within `patience`.
  net::awaitable<void> stop(model::Millis patience);

  model::SiteStatus status() const { return monitor_->status(); }
  alerting::Status alerting_status() const { return alerting_->status(); }
  std::uint16_t port() const { return port_; }
  // A command from inside the process, as the command line would append it.
  net::awaitable<model::Result<void>> tell(model::Command command);

 private:
  exporter::Facts facts() const;
  std::optional<std::string> stale() const;
  void tell_past_the_store(const model::Transition& transition);
  net::awaitable<model::Result<void>> start_parts();

  net::any_io_executor executor_;
  const Configured& configured_;
  std::ostream& console_;
  DaemonHooks hooks_;
  runtime::SystemClock clock_;
  exporter::Metrics metrics_;
  std::uint16_t port_ = 0;

  std::optional<store::InstanceLock> lock_;
  std::unique_ptr<store::StoreThread> store_;
  std::unique_ptr<monitor::StoreLedger> ledger_;
  std::unique_ptr<runtime::HttpClient> probe_client_, page_client_;
  std::unique_ptr<alerting::Alerting> alerting_;
  std::unique_ptr<alerting::Deadman> deadman_;
  std::unique_ptr<monitor::Monitor> monitor_;
  std::unique_ptr<server::Api> api_;
  std::unique_ptr<server::HttpServer> server_;
};

}  // namespace deadcalm::app
