#include "exporter/service_families.h"

#include <numbers>

namespace deadcalm::exporter {
namespace {

using model::ServiceStatus;
using Kind = TextPage::Kind;

double seconds(model::WallTime t) {
  return static_cast<double>(model::unix_millis(t)) / 1000.0;
}

// All states are there at any time: one is 1, the others 0.
template <class E>
void state_set(TextPage& page, std::string_view service, std::string_view label, E value) {
  const auto& words = model::Names<E>::values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    page.sample({{"service", service}, {label, words[i]}}, static_cast<std::size_t>(value) == i ? 1 : 0);
  }
}

void looks(TextPage& page, std::string_view service, std::string_view probe, std::uint64_t all,
           std::uint64_t failed, std::uint64_t unknown) {
  const auto add = [&](std::string_view outcome, std::uint64_t count) {
    page.sample({{"service", service}, {"probe", probe}, {"outcome", outcome}}, static_cast<double>(count));
  };
  add("ok", all - failed - unknown);
  add("failed", failed);
  add("unknown", unknown);
}

struct Family {
  std::string_view name, help;
  Kind kind;
  void (*samples)(const ServiceStatus&, TextPage&);
};

constexpr Family kFamilies[] = {
    {"deadcalm_verdict", "The confirmed verdict: 1 for the one that holds.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) { state_set(page, s.name, "verdict", s.verdict); }},
    {"deadcalm_masked", "Do clients look fine while the backend is not?", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) { state_set(page, s.name, "masked", s.masked); }},
    {"deadcalm_severity", "0 info, 1 warning, 2 error, 3 critical.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       page.sample({{"service", s.name}}, static_cast<double>(s.severity));
     }},
    {"deadcalm_failed_looks", "Failed looks in a row of the deciding probe.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) { page.sample({{"service", s.name}}, s.failed_looks); }},
    {"deadcalm_masked_seconds_total", "Time the backend was broken while clients looked fine.", Kind::counter,
     [](const ServiceStatus& s, TextPage& page) { page.sample({{"service", s.name}}, s.masked_seconds); }},
    {"deadcalm_unknown_seconds_total", "Time we could not judge.", Kind::counter,
     [](const ServiceStatus& s, TextPage& page) { page.sample({{"service", s.name}}, s.unknown_seconds); }},
    {"deadcalm_write_verified_timestamp_seconds", "When a write was last verified end to end.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& w : s.writes) {
         if (w.verified_at) page.sample({{"service", s.name}, {"probe", w.probe}}, seconds(*w.verified_at));
       }
     }},
    {"deadcalm_replica_lag_seconds", "Age of the newest transaction that the replica read on has replayed.",
     Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& w : s.writes) {
         if (w.replica_lag)
           page.sample({{"service", s.name}, {"probe", w.probe}},
                       static_cast<double>(w.replica_lag->count()) / 1000.0);
       }
     }},
    {"deadcalm_credential_expiry_timestamp_seconds",
     "When what a probe shows its backend ends; renews: yes is replaced in time by itself.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& w : s.writes) {
         if (!w.credential) continue;
         page.sample(
             {{"service", s.name}, {"probe", w.probe}, {"renews", w.credential->renews ? "yes" : "no"}},
             seconds(w.credential->at));
       }
     }},
    {"deadcalm_ledger_leftovers", "Own records in the backend that should be gone, or are missing.",
     Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& w : s.writes) page.sample({{"service", s.name}, {"probe", w.probe}}, w.leftovers);
     }},
    {"deadcalm_canary_seen_timestamp_seconds", "When the newest canary that clients can see was written.",
     Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& v : s.views) {
         if (v.canary_seen_at)
           page.sample({{"service", s.name}, {"view", v.probe}}, seconds(*v.canary_seen_at));
       }
     }},
    {"deadcalm_certificate_expiry_timestamp_seconds",
     "When the server's certificate ends, as a check saw it.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& v : s.views) {
         if (v.certificate_ends)
           page.sample({{"service", s.name}, {"probe", v.probe}}, seconds(*v.certificate_ends));
       }
     }},
    {"deadcalm_looks_total", "Looks since start, by outcome; unknown is our own fault and no evidence.",
     Kind::counter,
     [](const ServiceStatus& s, TextPage& page) {
       for (const auto& w : s.writes) looks(page, s.name, w.probe, w.looks, w.failed, w.unknown);
       for (const auto& v : s.views) looks(page, s.name, v.probe, v.looks, v.failed, v.unknown);
       if (s.traffic) looks(page, s.name, s.traffic->probe, s.traffic->looks, 0, s.traffic->unknown);
     }},
    {"deadcalm_traffic_commits", "Commits by customers that the last look counted in its window.",
     Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       if (s.traffic && s.traffic->observed) page.sample({{"service", s.name}}, *s.traffic->observed);
     }},
    {"deadcalm_traffic_silence_phi", "How rare the present silence is: -log10 of its chance.", Kind::gauge,
     [](const ServiceStatus& s, TextPage& page) {
       if (s.traffic) page.sample({{"service", s.name}}, s.traffic->surprise * std::numbers::log10e);
     }},
};

}  // namespace

void write_service_families(const std::vector<ServiceStatus>& services, TextPage& page) {
  for (const Family& family : kFamilies) {
    page.family(family.name, family.help, family.kind);
    for (const ServiceStatus& service : services) family.samples(service, page);
  }
}

}  // namespace deadcalm::exporter
