#include "exporter/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <set>

#include "exporter/service_families.h"
#include "exporter/text_page.h"

namespace deadcalm::exporter {
namespace {

using Kind = TextPage::Kind;

const prometheus::Histogram::BucketBoundaries kStepSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                           0.5,   1,    2.5,   5,    10};
const prometheus::Histogram::BucketBoundaries kLateSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                           0.25,  0.5,    1,     2.5,  5,     10};
const prometheus::Histogram::BucketBoundaries kDelaySeconds{5,   10,  30,  60,   90,  120,
                                                            180, 300, 600, 1800, 3600};

constexpr std::size_t kBytesPerService = 1700;  // of text, for a service with one write

double seconds(model::WallTime t) {
  return static_cast<double>(model::unix_millis(t)) / 1000.0;
}
double seconds(model::Millis d) {
  return static_cast<double>(d.count()) / 1000.0;
}

// A family with one sample and no label.
void single(TextPage& page, std::string_view name, std::string_view help, double value) {
  page.family(name, help, Kind::gauge);
  page.sample({}, value);
}

void site_families(const Facts& facts, TextPage& page) {
  const model::SiteStatus& site = facts.site;
  page.family("deadcalm_build_info", "1, with the version.", Kind::gauge);
  page.sample({{"version", site.version}}, 1);
  single(page, "deadcalm_start_time_seconds", "When this process started to watch.", seconds(site.started));
  if (site.loop_last_run) {
    single(page, "deadcalm_loop_last_run_timestamp_seconds", "When the scheduler last ran.",
           seconds(*site.loop_last_run));
  }
  single(page, "deadcalm_loop_lateness_seconds", "How late the last look started.",
         seconds(site.loop_lateness));
  single(page, "deadcalm_looks_in_flight", "Looks at services under way.",
         static_cast<double>(site.looks_in_flight));
  single(page, "deadcalm_looks_waiting", "Looks that wait for one in flight to end (max_in_flight).",
         static_cast<double>(site.looks_waiting));
  single(page, "deadcalm_anchors_answered", "Anchors that answered the last look.", site.anchors_answered);
  single(page, "deadcalm_anchors_voting", "Anchors that have ever answered, and so vote.",
         site.anchors_voting);
  single(page, "deadcalm_store_writable", "0 while the store refuses commits.", site.store_ok ? 1 : 0);
  single(page, "deadcalm_store_pending", "Commits waiting for the disk.",
         static_cast<double>(site.store_pending));
}

void outbox_families(const Facts& facts, TextPage& page) {
  const OutboxFacts& outbox = facts.outbox;
  page.family("deadcalm_outbox_items", "Pages that are not yet accepted, by state.", Kind::gauge);
  page.sample({{"state", "queued"}}, static_cast<double>(outbox.queued));
  page.sample({{"state", "sending"}}, static_cast<double>(outbox.sending));
  single(page, "deadcalm_outbox_oldest_due_seconds", "How long the oldest due page has waited.",
         outbox.oldest_due_seconds);
  single(page, "deadcalm_incidents_open", "Open incidents, our own included.",
         static_cast<double>(outbox.open_incidents));
  page.family("deadcalm_notify_attempts_total", "Attempts to send a page, by result.", Kind::counter);
  for (const ChannelFacts& c : outbox.channels) {
    page.sample({{"channel", c.channel}, {"result", "accepted"}}, c.accepted);
    page.sample({{"channel", c.channel}, {"result", "retried"}}, c.retried);
    page.sample({{"channel", c.channel}, {"result", "rejected"}}, c.rejected);
  }
  page.family("deadcalm_silenced", "1 while pages of the service are held back by a person.", Kind::gauge);
  const std::set<std::string_view> silenced(outbox.silenced_services.begin(), outbox.silenced_services.end());
  for (const model::ServiceStatus& s : facts.site.services) {
    page.sample({{"service", s.name}}, silenced.contains(s.name) ? 1 : 0);
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
  TextPage page;
  page.reserve(facts.site.services.size() * kBytesPerService);
  site_families(facts, page);
  outbox_families(facts, page);
  write_service_families(facts.site.services, page);
  page.append(prometheus::TextSerializer().Serialize(registered_->registry.Collect()));
  return page.take();
}

}  // namespace deadcalm::exporter
