#include "app/load_estimate.h"

#include <boost/asio/io_context.hpp>

namespace deadcalm::app {
namespace {

constexpr double kOfARequest = 0.000'08;   // seconds of CPU
constexpr double kOfAHandshake = 0.000'8;  // of TLS
constexpr const char* kSchemes[] = {"https://", "rediss://", "wss://"};

bool says_tls(const std::string& target) {
  for (const char* scheme : kSchemes) {
    if (target.find(scheme) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

LoadEstimate estimate_load(const std::vector<PlannedLooks>& looks) {
  LoadEstimate load;
  for (const PlannedLooks& look : looks) {
    const double a_second = 1000.0 / static_cast<double>(look.interval.count());
    load.looks_a_second += a_second;
    load.core_share += a_second * (look.calls * kOfARequest + (look.tls ? kOfAHandshake : 0));
  }
  return load;
}

std::vector<PlannedLooks> planned_looks(const Configured& configured) {
  net::io_context io(1);
  runtime::SystemClock clock;
  runtime::HttpClient client(io.get_executor());
  const probes::BackendDeps deps{
      clock, client, io.get_executor(), configured.loaded.environment, "00000000", model::Secret("not used")};
  std::vector<PlannedLooks> looks;
  for (const ConfiguredService& service : configured.services) {
    for (const ConfiguredWrite& write : service.writes) {
      const probes::Description described = write.path.backend(deps)->describe({});
      looks.push_back({write.common.interval, described.calls_per_cycle, says_tls(described.target)});
    }
    for (const ConfiguredView& view : service.views) {
      if (view.path.heartbeat.empty()) looks.push_back({view.common.interval, 1, says_tls(view.path.target)});
    }
    if (service.traffic) looks.push_back({service.traffic->common.interval, 1, false});
  }
  return looks;
}

}  // namespace deadcalm::app
