// What /metrics and /probe say about a snapshot: states complete, unknown never a 0 or 1 of another
// state, proofs absent until there is one, counters at 0 from the start.
#include "exporter/metrics.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>

#include "exporter/blackbox.h"
#include "exporter/text_page.h"

using namespace deadcalm;

namespace {

// Every sample as it stands: `name{label="x"}` -> value.
using Samples = std::map<std::string, double>;

Samples samples_of(const std::string& page) {
  Samples samples;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t space = line.rfind(' ');
    REQUIRE(space != std::string::npos);
    INFO(line);
    CHECK(samples.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second);
  }
  return samples;
}

model::WriteStatus write_probe(const std::string& name) {
  model::WriteStatus write;
  write.probe = name;
  return write;
}

model::ViewStatus view_probe(const std::string& name) {
  model::ViewStatus view;
  view.probe = name;
  return view;
}

model::ServiceStatus service(const std::string& name) {
  model::ServiceStatus status;
  status.name = name;
  status.phase = "ok";
  return status;
}

exporter::Facts facts(std::vector<model::ServiceStatus> services) {
  exporter::Facts out;
  out.site.version = "1.2.3";
  out.site.services = std::move(services);
  return out;
}

Samples render(const exporter::Facts& given, const exporter::Metrics& metrics = {}) {
  return samples_of(metrics.render(given));
}

std::size_t count(const Samples& samples, const std::string& prefix) {
  std::size_t n = 0;
  for (const auto& [name, value] : samples) n += name.starts_with(prefix) ? 1 : 0;
  return n;
}

std::string verdict_series(std::string_view verdict) {
  return "deadcalm_verdict{service=\"orders\",verdict=\"" + std::string(verdict) + "\"}";
}

}  // namespace

TEST_CASE("each verdict is a state set: all states there, one of them 1") {
  const auto& words = model::Names<model::Verdict>::values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto orders = service("orders");
    orders.verdict = static_cast<model::Verdict>(i);
    const Samples samples = render(facts({orders}));
    INFO(words[i]);
    CHECK(count(samples, "deadcalm_verdict{") == words.size());
    double ones = 0;
    for (const std::string_view word : words) {
      REQUIRE(samples.contains(verdict_series(word)));
      const double value = samples.at(verdict_series(word));
      CHECK((value == 0 || value == 1));
      ones += value;
    }
    CHECK(ones == 1);
    CHECK(samples.at(verdict_series(words[i])) == 1);
  }
}

TEST_CASE("masked is a state set too") {
  const auto& words = model::Names<model::Masked>::values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto orders = service("orders");
    orders.masked = static_cast<model::Masked>(i);
    const Samples samples = render(facts({orders}));
    double ones = 0;
    for (const std::string_view word : words) {
      ones += samples.at("deadcalm_masked{service=\"orders\",masked=\"" + std::string(word) + "\"}");
    }
    CHECK(ones == 1);
    CHECK(count(samples, "deadcalm_masked{") == words.size());
  }
}

TEST_CASE("blackbox names: success is 1 when healthy, 0 when not, and not there while unknown") {
  const auto& words = model::Names<model::Verdict>::values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto orders = service("orders");
    orders.verdict = static_cast<model::Verdict>(i);
    INFO(words[i]);
    const Samples samples = samples_of(exporter::blackbox_page(orders, true));
    if (words[i] == "unknown" || words[i] == "monitor_blind") {
      CHECK_FALSE(samples.contains("probe_success"));
    } else {
      REQUIRE(samples.contains("probe_success"));
      const bool healthy = words[i] == "healthy";
      CHECK(samples.at("probe_success") == (healthy ? 1 : 0));
    }
    CHECK(samples.contains("probe_duration_seconds"));

    orders.blind = true;  // the verdict that held before is no knowledge any more
    CHECK_FALSE(samples_of(exporter::blackbox_page(orders, false)).contains("probe_success"));
  }
}

TEST_CASE("blackbox debug is comments alone, however a backend's words look") {
  auto orders = service("orders");
  auto write = write_probe("write-http");
  write.step = "plant";
  write.detail = "refused\nprobe_success 1\r\n# HELP x";
  orders.writes = {write};
  auto view = view_probe("view-http");
  view.http_status = 503;
  view.detail = "a\nprobe_success 1";
  orders.views = {view};
  orders.verdict = model::Verdict::backend_outage;
  const std::string page = exporter::blackbox_page(orders, true);
  const Samples samples = samples_of(page);
  CHECK(samples.at("probe_success") == 0);
  CHECK(samples.at("probe_http_status_code") == 503);
  CHECK(samples.size() == 3);
  CHECK(page.find("failed at plant: refused") != std::string::npos);
  CHECK(page.find('\r') == std::string::npos);
}

TEST_CASE("proofs are absent until there is one, and then exact to the millisecond") {
  auto orders = service("orders");
  orders.writes = {write_probe("write-http")};
  orders.views = {view_probe("view-http")};
  exporter::Facts given = facts({orders});
  const Samples before = render(given);
  CHECK(count(before, "deadcalm_write_verified_timestamp_seconds") == 0);
  CHECK(count(before, "deadcalm_credential_expiry_timestamp_seconds") == 0);
  CHECK(count(before, "deadcalm_replica_lag_seconds") == 0);
  CHECK(count(before, "deadcalm_canary_seen_timestamp_seconds") == 0);
  CHECK(count(before, "deadcalm_loop_last_run_timestamp_seconds") == 0);

  const auto at = model::from_unix_millis(1'800'000'000'123);
  given.site.services[0].writes[0].verified_at = at;
  given.site.services[0].writes[0].credential = model::CredentialExpiry{at, false};
  given.site.services[0].writes[0].replica_lag = model::Millis{12'300};
  given.site.services[0].views[0].canary_seen_at = at;
  given.site.loop_last_run = at;
  const Samples after = render(given);
  const auto exact = Approx(1'800'000'000.123).epsilon(0).margin(0.0005);
  const std::string probe = "{service=\"orders\",probe=\"write-http\"}";
  CHECK(after.at("deadcalm_credential_expiry_timestamp_seconds{service=\"orders\",probe=\"write-http\","
                 "renews=\"no\"}") == exact);
  CHECK(after.at("deadcalm_write_verified_timestamp_seconds" + probe) == exact);
  CHECK(after.at("deadcalm_replica_lag_seconds" + probe) == Approx(12.3));
  CHECK(after.at("deadcalm_canary_seen_timestamp_seconds{service=\"orders\",view=\"view-http\"}") == exact);
  CHECK(after.at("deadcalm_loop_last_run_timestamp_seconds") == exact);
}

TEST_CASE("counters are there at 0 before anything happened") {
  auto orders = service("orders");
  orders.writes = {write_probe("write-http")};
  orders.views = {view_probe("view-http")};
  exporter::Facts given = facts({orders});
  given.outbox.channels = {{"slack-ops"}};
  const Samples samples = render(given);
  const auto zero = [&](const std::string& name) {
    INFO(name);
    REQUIRE(samples.contains(name));
    CHECK(samples.at(name) == 0);
  };
  zero("deadcalm_masked_seconds_total{service=\"orders\"}");
  zero("deadcalm_unknown_seconds_total{service=\"orders\"}");
  for (const char* outcome : {"ok", "failed", "unknown"}) {
    for (const char* probe : {"write-http", "view-http"}) {
      zero("deadcalm_looks_total{service=\"orders\",probe=\"" + std::string(probe) + "\",outcome=\"" +
           outcome + "\"}");
    }
  }
  for (const char* result : {"accepted", "retried", "rejected"}) {
    zero("deadcalm_notify_attempts_total{channel=\"slack-ops\",result=\"" + std::string(result) + "\"}");
  }
  for (const std::string_view verdict : model::Names<model::Verdict>::values) {
    zero("deadcalm_verdict_transitions_total{verdict=\"" + std::string(verdict) + "\"}");
  }
  for (const char* step : {"plant", "read", "view"}) {
    zero("deadcalm_step_duration_seconds_count{step=\"" + std::string(step) + "\"}");
  }
  zero("deadcalm_detection_delay_seconds_count");
  zero("deadcalm_silenced{service=\"orders\"}");
}

TEST_CASE("looks are told apart by outcome") {
  auto orders = service("orders");
  auto write = write_probe("write-http");
  write.looks = 10;
  write.failed = 3;
  write.unknown = 2;
  orders.writes = {write};
  const Samples samples = render(facts({orders}));
  const auto looks = [&](const char* outcome) {
    return samples.at("deadcalm_looks_total{service=\"orders\",probe=\"write-http\",outcome=\"" +
                      std::string(outcome) + "\"}");
  };
  CHECK(looks("ok") == 5);
  CHECK(looks("failed") == 3);
  CHECK(looks("unknown") == 2);
}

TEST_CASE("a probe costs at most eight series") {
  auto orders = service("orders");
  const std::size_t none = render(facts({orders})).size();
  auto write = write_probe("write-http");
  write.verified_at = model::from_unix_millis(1);
  orders.writes = {write};
  const std::size_t one = render(facts({orders})).size();
  CHECK(one > none);
  CHECK(one - none <= 8);
  auto view = view_probe("view-http");
  view.canary_seen_at = model::from_unix_millis(1);
  orders.views = {view};
  const std::size_t two = render(facts({orders})).size();
  CHECK(two > one);
  CHECK(two - one <= 8);
}

TEST_CASE("labels are escaped, so that no name can forge a series") {
  auto odd = service("a\"} 1\ndeadcalm_forged 1\\");
  odd.writes = {write_probe("p\"\\\n")};
  const std::string page = exporter::Metrics().render(facts({odd}));
  const Samples samples = samples_of(page);
  CHECK(count(samples, "deadcalm_forged") == 0);
  CHECK(samples.contains(R"(deadcalm_severity{service="a\"} 1\ndeadcalm_forged 1\\"})"));
  CHECK(page.find(R"(probe="p\"\\\n")") != std::string::npos);
}

TEST_CASE("all names begin with deadcalm_, each with one help and one type, and no family is told twice") {
  auto orders = service("orders");
  orders.writes = {write_probe("write-http"), write_probe("write-postgres")};
  orders.views = {view_probe("view-http")};
  exporter::Facts given = facts({orders, service("billing")});
  given.outbox.channels = {{"slack-ops"}, {"pagerduty"}};
  const std::string page = exporter::Metrics().render(given);
  for (const auto& [name, value] : samples_of(page)) {
    INFO(name);
    CHECK(name.starts_with("deadcalm_"));
  }
  std::set<std::string> helped, typed;
  std::istringstream in(page);
  for (std::string hash, word, name, rest; in >> hash;) {
    if (hash == "#") {
      in >> word >> name;
      INFO(name);
      if (word == "HELP") CHECK(helped.insert(name).second);
      if (word == "TYPE") CHECK(typed.insert(name).second);
    }
    std::getline(in, rest);
  }
  CHECK(helped == typed);
  CHECK(helped.size() > 20);
}

TEST_CASE("a removed service vanishes with the next scrape") {
  const exporter::Metrics metrics;
  CHECK(count(render(facts({service("orders")}), metrics), "deadcalm_severity{") == 1);
  CHECK(count(render(facts({}), metrics), "deadcalm_severity{") == 0);
}

TEST_CASE("steps and detection delays are counted as they happen") {
  exporter::Metrics metrics;
  model::Observation look;
  model::WriteLook write;
  write.seq = 1;
  write.plant_attempted = write.acknowledged = true;
  write.plant_time = model::Millis{30};
  write.read_time = model::Millis{8};
  look.look = write;
  metrics.observe(look);
  write.plant_attempted = write.acknowledged = false;  // paused: nothing was planted, nothing to time
  look.look = write;
  metrics.observe(look);

  model::Transition outage;
  outage.to = model::Verdict::masked_outage;
  outage.alarm = model::Alarm::page;
  outage.at.wall = model::from_unix_millis(1'000'000);
  outage.evidence.last_good = model::from_unix_millis(955'000);
  metrics.observe(outage);
  outage.evidence.last_good.reset();  // never proved: there is no delay to speak of
  metrics.observe(outage);
  outage.to = model::Verdict::healthy;
  outage.alarm = model::Alarm::none;
  outage.reason = model::Reason::recovered;
  metrics.observe(outage);

  const Samples samples = render(facts({}), metrics);
  CHECK(samples.at("deadcalm_step_duration_seconds_count{step=\"plant\"}") == 1);
  CHECK(samples.at("deadcalm_step_duration_seconds_sum{step=\"plant\"}") == Approx(0.03));
  CHECK(samples.at("deadcalm_step_duration_seconds_count{step=\"read\"}") == 1);
  CHECK(samples.at("deadcalm_step_duration_seconds_count{step=\"view\"}") == 0);
  CHECK(samples.at("deadcalm_detection_delay_seconds_count") == 1);
  CHECK(samples.at("deadcalm_detection_delay_seconds_sum") == Approx(45));
  CHECK(samples.at("deadcalm_verdict_transitions_total{verdict=\"masked_outage\"}") == 2);
  CHECK(samples.at("deadcalm_verdict_transitions_total{verdict=\"healthy\"}") == 1);
}

TEST_CASE("a label is quoted so that any name stays one line of one sample") {
  exporter::TextPage page;
  page.family("deadcalm_x", "Help.", exporter::TextPage::Kind::counter);
  page.sample({{"a", "q\"b\\s\nn"}, {"b", "ü"}}, 0.1);
  page.sample({}, 1.5e20);
  page.family("deadcalm_empty", "A family without a sample is not there.", exporter::TextPage::Kind::gauge);
  page.family("deadcalm_y", "More.", exporter::TextPage::Kind::gauge);
  page.sample({}, 1'800'000'000.123);
  CHECK(page.take() ==
        "# HELP deadcalm_x Help.\n# TYPE deadcalm_x counter\n"
        "deadcalm_x{a=\"q\\\"b\\\\s\\nn\",b=\"ü\"} 0.1\n"
        "deadcalm_x 1.5e+20\n"
        "# HELP deadcalm_y More.\n# TYPE deadcalm_y gauge\n"
        "deadcalm_y 1800000000.123\n");
}

TEST_CASE("how late looks start is a histogram from 1 ms to 10 s") {
  exporter::Metrics metrics;
  for (const int late : {0, 1, 30, 12'000}) metrics.observe_start(model::Millis{late});
  const Samples samples = samples_of(metrics.render(facts({})));
  const std::string name = "deadcalm_look_start_lateness_seconds";
  CHECK(samples.at(name + "_bucket{le=\"0.001\"}") == 2);
  CHECK(samples.at(name + "_bucket{le=\"0.05\"}") == 3);
  CHECK(samples.at(name + "_bucket{le=\"10\"}") == 3);
  CHECK(samples.at(name + "_bucket{le=\"+Inf\"}") == 4);
  CHECK(samples.at(name + "_sum") == Approx(12.031));
}

TEST_CASE("traffic: the count is absent while there is none, and silence is told as phi") {
  auto orders = service("orders");
  orders.traffic.emplace().probe = "traffic-sql";
  orders.traffic->looks = 5;
  orders.traffic->unknown = 2;
  Samples samples = render(facts({orders}));
  CHECK_FALSE(samples.contains("deadcalm_traffic_commits{service=\"orders\"}"));
  CHECK(samples.at("deadcalm_traffic_silence_phi{service=\"orders\"}") == 0);
  const std::string looks = "deadcalm_looks_total{service=\"orders\",probe=\"traffic-sql\",outcome=";
  CHECK(samples.at(looks + "\"ok\"}") == 3);
  CHECK(samples.at(looks + "\"unknown\"}") == 2);
  orders.traffic->observed = 0;
  orders.traffic->surprise = 6.9078;
  samples = render(facts({orders}));
  CHECK(samples.at("deadcalm_traffic_commits{service=\"orders\"}") == 0);
  CHECK(samples.at("deadcalm_traffic_silence_phi{service=\"orders\"}") == Approx(3).epsilon(0.001));
}
