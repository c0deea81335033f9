#include "exporter/blackbox.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace deadcalm::exporter {
namespace {

prometheus::MetricFamily gauge(const char* name, const char* help, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  family.metric.push_back(metric);
  return family;
}

std::string comment(std::string text) {
  // A backend's words must not end the comment, neither by \n nor, for some parsers, by \r.
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return "# " + text + '\n';
}

}  // namespace

std::string blackbox_page(const model::ServiceStatus& service, bool debug) {
  std::vector<prometheus::MetricFamily> families;
  const bool known = service.verdict != model::Verdict::unknown &&
                     service.verdict != model::Verdict::monitor_blind && !service.blind;
  if (known) {
    families.push_back(gauge("probe_success", "Displays whether or not the probe was a success",
                             service.verdict == model::Verdict::healthy ? 1 : 0));
  }
  model::Millis longest{0};
  for (const auto& write : service.writes) longest = std::max(longest, write.cycle_time);
  if (service.writes.empty()) {
    for (const auto& view : service.views) longest = std::max(longest, view.took);
  }
  families.push_back(gauge("probe_duration_seconds", "Returns how long the probe took to complete in seconds",
                           static_cast<double>(longest.count()) / 1000.0));
  for (const auto& view : service.views) {
    if (view.http_status == 0) continue;
    families.push_back(gauge("probe_http_status_code", "Response HTTP status code", view.http_status));
    break;
  }
  std::string text = prometheus::TextSerializer().Serialize(families);
  if (!debug) return text;
  text += comment("verdict " + std::string(model::name(service.verdict)) + ", masked " +
                  std::string(model::name(service.masked)) + ", phase " + service.phase);
  for (const auto& write : service.writes) {
    text += comment(write.probe + ": write " + std::string(model::name(write.write)) + ", read back " +
                    std::string(model::name(write.read_back)) + ", sentinel " +
                    std::string(model::name(write.sentinel)) +
                    (write.step.empty() ? "" : ", failed at " + write.step) +
                    (write.detail.empty() ? "" : ": " + write.detail));
  }
  for (const auto& view : service.views) {
    text += comment(
        view.probe + ": " + std::string(model::name(view.client)) +
        (view.http_status > 0 ? ", HTTP " + std::to_string(view.http_status) + ", " + view.cache : "") +
        (view.detail.empty() ? "" : ", " + view.detail));
  }
  return text;
}

}  // namespace deadcalm::exporter
