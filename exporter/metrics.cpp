#include "exporter/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <numbers>

namespace deadcalm::exporter {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

const prometheus::Histogram::BucketBoundaries kStepSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                           0.5,   1,    2.5,   5,    10};
const prometheus::Histogram::BucketBoundaries kLateSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                           0.25,  0.5,    1,     2.5,  5,     10};
const prometheus::Histogram::BucketBoundaries kDelaySeconds{5,   10,  30,  60,   90,  120,
                                                            180, 300, 600, 1800, 3600};

double seconds(model::WallTime t) {
  return static_cast<double>(model::unix_millis(t)) / 1000.0;
}
double seconds(model::Millis d) {
  return static_cast<double>(d.count()) / 1000.0;
}

// Collects families in the order they are first named.
class Page {
 public:
  void gauge(const char* name, const char* help, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    family(name, help, MetricType::Gauge).metric.push_back(std::move(metric));
  }
  void counter(const char* name, const char* help, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    family(name, help, MetricType::Counter).metric.push_back(std::move(metric));
  }
  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  MetricFamily& family(const char* name, const char* help, MetricType type) {
    const auto it = std::ranges::find(families_, name, &MetricFamily::name);
    if (it != families_.end()) return *it;
    MetricFamily added;
    added.name = name;
    added.help = help;
    added.type = type;
    families_.push_back(std::move(added));
    return families_.back();
  }
  std::vector<MetricFamily> families_;
};

template <class E>
void state_set(Page& page, const char* name, const char* help, const std::string& service, const char* label,
               E value) {
  for (std::size_t i = 0; i < model::Names<E>::values.size(); ++i) {
    const std::string word(model::Names<E>::values[i]);
    page.gauge(name, help, {{"service", service}, {label, word}},
               static_cast<std::size_t>(value) == i ? 1 : 0);
  }
}

void looks(Page& page, const std::string& service, const std::string& probe, std::uint64_t all,
           std::uint64_t failed, std::uint64_t unknown) {
  const char* help = "Looks since start, by outcome; unknown is our own fault and no evidence.";
  const auto add = [&](const char* outcome, std::uint64_t count) {
    page.counter("deadcalm_looks_total", help, {{"service", service}, {"probe", probe}, {"outcome", outcome}},
                 static_cast<double>(count));
  };
  add("ok", all - failed - unknown);
  add("failed", failed);
  add("unknown", unknown);
}

void traffic_metrics(Page& page, const std::string& service, const model::TrafficStatus& t) {
  if (t.observed) {
    page.gauge("deadcalm_traffic_commits", "Commits by customers that the last look counted in its window.",
               {{"service", service}}, *t.observed);
  }
  page.gauge("deadcalm_traffic_silence_phi", "How rare the present silence is: -log10 of its chance.",
             {{"service", service}}, t.surprise * std::numbers::log10e);
  looks(page, service, t.probe, t.looks, 0, t.unknown);
}

void service_metrics(Page& page, const model::ServiceStatus& s) {
  state_set(page, "deadcalm_verdict", "The confirmed verdict: 1 for the one that holds.", s.name, "verdict",
            s.verdict);
  state_set(page, "deadcalm_masked", "Do clients look fine while the backend is not?", s.name, "masked",
            s.masked);
  page.gauge("deadcalm_severity", "0 info, 1 warning, 2 error, 3 critical.", {{"service", s.name}},
             static_cast<double>(s.severity));
  page.gauge("deadcalm_failed_looks", "Failed looks in a row of the deciding probe.", {{"service", s.name}},
             s.failed_looks);
  page.counter("deadcalm_masked_seconds_total", "Time the backend was broken while clients looked fine.",
               {{"service", s.name}}, s.masked_seconds);
  page.counter("deadcalm_unknown_seconds_total", "Time we could not judge.", {{"service", s.name}},
               s.unknown_seconds);
  for (const model::WriteStatus& w : s.writes) {
    const Labels labels{{"service", s.name}, {"probe", w.probe}};
    if (w.verified_at) {
      page.gauge("deadcalm_write_verified_timestamp_seconds", "When a write was last verified end to end.",
                 labels, seconds(*w.verified_at));
    }
    page.gauge("deadcalm_ledger_leftovers", "Own records in the backend that should be gone, or are missing.",
               labels, w.leftovers);
    looks(page, s.name, w.probe, w.looks, w.failed, w.unknown);
  }
  for (const model::ViewStatus& v : s.views) {
    if (v.canary_seen_at) {
      page.gauge("deadcalm_canary_seen_timestamp_seconds",
                 "When the newest canary that clients can see was written.",
                 {{"service", s.name}, {"view", v.probe}}, seconds(*v.canary_seen_at));
    }
    looks(page, s.name, v.probe, v.looks, v.failed, v.unknown);
  }
  if (s.traffic) traffic_metrics(page, s.name, *s.traffic);
}

void site_metrics(Page& page, const Facts& facts) {
  const model::SiteStatus& site = facts.site;
  page.gauge("deadcalm_build_info", "1, with the version.", {{"version", site.version}}, 1);
  page.gauge("deadcalm_start_time_seconds", "When this process started to watch.", {}, seconds(site.started));
  if (site.loop_last_run) {
    page.gauge("deadcalm_loop_last_run_timestamp_seconds", "When the scheduler last ran.", {},
               seconds(*site.loop_last_run));
  }
  page.gauge("deadcalm_loop_lateness_seconds", "How late the last look started.", {},
             seconds(site.loop_lateness));
  page.gauge("deadcalm_anchors_answered", "Anchors that answered the last look.", {}, site.anchors_answered);
  page.gauge("deadcalm_anchors_voting", "Anchors that have ever answered, and so vote.", {},
             site.anchors_voting);
  page.gauge("deadcalm_store_writable", "0 while the store refuses commits.", {}, site.store_ok ? 1 : 0);
  page.gauge("deadcalm_store_pending", "Commits waiting for the disk.", {},
             static_cast<double>(site.store_pending));
  const char* items = "Pages that are not yet accepted, by state.";
  page.gauge("deadcalm_outbox_items", items, {{"state", "queued"}}, static_cast<double>(facts.outbox.queued));
  page.gauge("deadcalm_outbox_items", items, {{"state", "sending"}},
             static_cast<double>(facts.outbox.sending));
  page.gauge("deadcalm_outbox_oldest_due_seconds", "How long the oldest due page has waited.", {},
             facts.outbox.oldest_due_seconds);
  page.gauge("deadcalm_incidents_open", "Open incidents, our own included.", {},
             static_cast<double>(facts.outbox.open_incidents));
  const char* attempts = "Attempts to send a page, by result.";
  for (const ChannelFacts& c : facts.outbox.channels) {
    page.counter("deadcalm_notify_attempts_total", attempts, {{"channel", c.channel}, {"result", "accepted"}},
                 c.accepted);
    page.counter("deadcalm_notify_attempts_total", attempts, {{"channel", c.channel}, {"result", "retried"}},
                 c.retried);
    page.counter("deadcalm_notify_attempts_total", attempts, {{"channel", c.channel}, {"result", "rejected"}},
                 c.rejected);
  }
  for (const model::ServiceStatus& s : site.services) {
    const auto& silenced = facts.outbox.silenced_services;
    page.gauge("deadcalm_silenced", "1 while pages of the service are held back by a person.",
               {{"service", s.name}}, std::ranges::find(silenced, s.name) != silenced.end() ? 1 : 0);
  }
}

}  // namespace

struct Metrics::Registered {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& steps = prometheus::BuildHistogram()
                                                         .Name("deadcalm_step_duration_seconds")
                                                         .Help("Duration of one step of a look.")
                                                         .Register(registry);
  prometheus::Histogram& plant = steps.Add({{"step", "plant"}}, kStepSeconds);
  prometheus::Histogram& read = steps.Add({{"step", "read"}}, kStepSeconds);
  prometheus::Histogram& view = steps.Add({{"step", "view"}}, kStepSeconds);
  prometheus::Histogram& delay =
      prometheus::BuildHistogram()
          .Name("deadcalm_detection_delay_seconds")
          .Help("From the last verified write to the confirmed outage: an upper bound.")
          .Register(registry)
          .Add({}, kDelaySeconds);
  prometheus::Histogram& late = prometheus::BuildHistogram()
                                    .Name("deadcalm_look_start_lateness_seconds")
                                    .Help("From the slot of a look to its start.")
                                    .Register(registry)
                                    .Add({}, kLateSeconds);
  prometheus::Family<prometheus::Counter>& transitions =
      prometheus::BuildCounter()
          .Name("deadcalm_verdict_transitions_total")
          .Help("Confirmed changes, by the verdict reached.")
          .Register(registry);
};

Metrics::Metrics() : registered_(std::make_unique<Registered>()) {
  for (const std::string_view verdict : model::Names<model::Verdict>::values) {
    registered_->transitions.Add({{"verdict", std::string(verdict)}});  // counters exist at 0 from the start
  }
}
Metrics::~Metrics() = default;

void Metrics::observe(const model::Observation& observation) {
  if (const auto* write = std::get_if<model::WriteLook>(&observation.look)) {
    if (write->plant_attempted && write->seq != 0) registered_->plant.Observe(seconds(write->plant_time));
    if (write->acknowledged) registered_->read.Observe(seconds(write->read_time));
  } else if (std::holds_alternative<model::ViewLook>(observation.look)) {
    registered_->view.Observe(seconds(observation.ended.steady - observation.started.steady));
  }
}

void Metrics::observe(const model::Transition& transition) {
  registered_->transitions.Add({{"verdict", std::string(model::name(transition.to))}}).Increment();
  const bool outage = transition.alarm == model::Alarm::page && transition.reason == model::Reason::confirmed;
  if (outage && transition.evidence.last_good) {
    registered_->delay.Observe(seconds(transition.at.wall - *transition.evidence.last_good));
  }
}

void Metrics::observe_start(model::Millis late) {
  registered_->late.Observe(seconds(late));
}

std::string Metrics::render(const Facts& facts) const {
  Page page;
  site_metrics(page, facts);
  for (const model::ServiceStatus& service : facts.site.services) service_metrics(page, service);
  std::vector<MetricFamily> families = page.take();
  std::vector<MetricFamily> kept = registered_->registry.Collect();
  std::ranges::move(kept, std::back_inserter(families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace deadcalm::exporter
