// /metrics before the judges that matter: promtool, and a Prometheus that scrapes a real deadcalm through
// an outage and answers every expression of the dashboard.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <set>

#include "tests/integration/daemon_process.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

const std::string kDashboards = DEADCALM_SOURCE_DIR "/dashboards/";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string encoded(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

struct Panel {
  std::string title, expression;
};

std::vector<Panel> panels() {
  std::vector<Panel> found;
  const json::value dashboard = json::parse(tests::contents(kDashboards + "deadcalm.json"));
  for (const json::value& panel : dashboard.at("panels").as_array()) {
    for (const json::value& target : panel.at("targets").as_array()) {
      found.push_back(
          {std::string(panel.at("title").as_string()), std::string(target.at("expr").as_string())});
    }
  }
  return found;
}

// Names that begin with deadcalm_, as they stand in an expression.
std::set<std::string> metrics_in(const std::string& text) {
  std::set<std::string> names;
  for (std::size_t at = text.find("deadcalm_"); at != std::string::npos;
       at = text.find("deadcalm_", at + 1)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
    names.insert(text.substr(at, end - at));
  }
  return names;
}

class Prometheus {
 public:
  explicit Prometheus(std::uint16_t target) : port_(tests::free_port()) {
    const std::string config = dir_.file("prometheus.yml");
    std::ofstream(config) << "global: { scrape_interval: 1s, evaluation_interval: 1s }\nrule_files: [ \""
                          << kDashboards << "alerts.yaml\" ]\nscrape_configs:\n  - job_name: deadcalm\n"
                          << "    honor_labels: true\n    static_configs: [ { targets: [ \"127.0.0.1:"
                          << target << "\" ] } ]\n";
    process_ =
        tests::Process({"prometheus", "--config.file=" + config, "--storage.tsdb.path=" + dir_.file("data"),
                        "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
                       dir_.file("log"));
    const bool ready = tests::eventually([&] { return get("/-/ready").code == 200; });
    INFO(tests::contents(dir_.file("log")));
    REQUIRE(ready);  // apt-get install prometheus
  }
  tests::Said get(const std::string& path) const { return tests::http(base() + path); }
  // As a panel asks: over the last quarter of a minute.
  json::value range(const std::string& expression) const {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const auto said =
        tests::http(base() + "/api/v1/query_range",
                    "query=" + encoded(expression) + "&step=1&start=" + std::to_string((now - 15s).count()) +
                        "&end=" + std::to_string(now.count()));
    return json::parse(said.text);
  }

 private:
  std::string base() const { return "http://127.0.0.1:" + std::to_string(port_); }
  tests::TempDir dir_;
  std::uint16_t port_;
  tests::Process process_;
};

// Is there a number in it, and not only series of NaN?
bool holds_a_number(const json::value& answer) {
  for (const json::value& series : answer.at("data").at("result").as_array()) {
    for (const json::value& sample : series.at("values").as_array()) {
      if (std::isfinite(std::stod(std::string(sample.at(1).as_string())))) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("what deadcalm answers over HTTP") {
  tests::Site site;
  site.start();
  const auto healthy = site.get("/-/healthy");
  CHECK(healthy.code == 200);
  CHECK(healthy.text == "healthy\n");
  CHECK(site.get("/-/ready").code == 200);

  const auto probe = site.get("/probe?service=orders&debug=true");
  CHECK(probe.code == 200);
  CHECK(probe.has("\nprobe_success 1\n"));
  CHECK(probe.has("\nprobe_http_status_code 200\n"));
  CHECK(probe.has("# verdict healthy"));
  CHECK_FALSE(site.get("/probe?service=orders").has("# verdict"));
  const auto nobody = site.get("/probe?service=nope");
  CHECK(nobody.code == 404);
  CHECK(nobody.has("no service \"nope\""));
  CHECK(nobody.has("orders"));
  CHECK(site.get("/nowhere").code == 404);
  CHECK(tests::http("http://127.0.0.1:" + std::to_string(site.port) + "/metrics", "a=b").code == 405);

  const auto services = site.get("/api/v1/services");
  CHECK(services.code == 200);
  const json::value status = json::parse(services.text);
  CHECK(status.at("site").as_string() == "test");
  CHECK(status.at("store_ok").as_bool());
  const json::value& orders = status.at("services").at(0);
  CHECK(orders.at("name").as_string() == "orders");
  CHECK(orders.at("verdict").as_string() == "healthy");
  CHECK(orders.at("armed").as_bool());
  CHECK(orders.at("writes").at(0).at("verified_at").is_string());
  CHECK(orders.at("views").at(0).at("canary_written_at").is_string());

  // promtool reads standard input, which a child of ours does not have.
  std::ofstream(site.dir.file("metrics")) << site.get("/metrics").text;
  const auto judged =
      tests::run_words({"sh", "-c", "promtool check metrics < \"$1\"", "sh", site.dir.file("metrics")});
  CHECK(judged.text == "");
  CHECK(judged.code == 0);
}

TEST_CASE("the alert rules are those of the manual, and promtool takes them") {
  const std::string file = kDashboards + "alerts.yaml";
  const auto judged = tests::run_words({"promtool", "check", "rules", file});
  INFO(judged.text);
  CHECK(judged.code == 0);
  CHECK(judged.has("5 rules found"));
  const std::string rules = tests::contents(file);
  const std::string manual = tests::contents(DEADCALM_SOURCE_DIR "/docs/configuration.md");
  REQUIRE(rules.find("groups:") != std::string::npos);
  CHECK(manual.find("```yaml\n# fragment: prometheus\n" + rules.substr(rules.find("groups:")) + "```") !=
        std::string::npos);
}

TEST_CASE("the dashboard has what Grafana needs to load it") {
  const json::value dashboard = json::parse(tests::contents(kDashboards + "deadcalm.json"));
  CHECK(dashboard.at("schemaVersion").as_int64() == 39);
  std::set<std::string> variables;
  for (const json::value& variable : dashboard.at("templating").at("list").as_array()) {
    variables.insert(std::string(variable.at("name").as_string()));
  }
  CHECK(variables == std::set<std::string>{"datasource", "service"});
  std::set<std::int64_t> ids;
  std::set<std::pair<std::int64_t, std::int64_t>> cells;  // no panel lies upon another
  for (const json::value& panel : dashboard.at("panels").as_array()) {
    INFO(panel.at("title").as_string());
    CHECK(ids.insert(panel.at("id").as_int64()).second);
    CHECK(panel.at("datasource").at("uid").as_string() == "${datasource}");
    const json::value& place = panel.at("gridPos");
    const std::int64_t left = place.at("x").as_int64(), top = place.at("y").as_int64();
    CHECK(left + place.at("w").as_int64() <= 24);
    bool free = true;
    for (std::int64_t x = left; x < left + place.at("w").as_int64(); ++x) {
      for (std::int64_t y = top; y < top + place.at("h").as_int64(); ++y) {
        free = cells.insert({x, y}).second && free;
      }
    }
    CHECK(free);
  }
  CHECK(ids.size() >= 10);
}

TEST_CASE("a real Prometheus answers every panel of the dashboard, through an outage and its end") {
  tests::Site site;
  site.start();
  const Prometheus prometheus(site.port);
  const auto scraped = [&] {
    const json::value up = prometheus.range("deadcalm_verdict{verdict=\"healthy\"} == 1");
    return up.at("status").as_string() == "success" && holds_a_number(up);
  };
  REQUIRE(tests::eventually(scraped));
  site.api.stop();
  REQUIRE(tests::eventually([&] { return site.receiver.pages() == 1; }));
  site.api.start();
  REQUIRE(tests::eventually([&] { return site.receiver.count("resolve") == 1; }));

  const std::string page = site.get("/metrics").text;
  std::size_t asked = 0;
  for (const Panel& panel : panels()) {
    const std::string expression =
        replaced(replaced(panel.expression, "$__rate_interval", "15s"), "$service", ".*");
    INFO(panel.title << ": " << expression);
    CHECK(expression.find('$') == std::string::npos);
    json::value answer;
    const bool answered = tests::eventually(
        [&] {
          answer = prometheus.range(expression);
          return answer.at("status").as_string() == "success" && holds_a_number(answer);
        },
        3s);
    INFO(json::serialize(answer));
    CHECK(answered);
    const auto names = metrics_in(expression);
    CHECK_FALSE(names.empty());
    for (const std::string& name : names) {
      INFO(name);
      CHECK((page.find('\n' + name + '{') != std::string::npos ||
             page.find('\n' + name + ' ') != std::string::npos));
    }
    ++asked;
  }
  CHECK(asked >= 10);

  const auto choices = prometheus.get("/api/v1/label/service/values?match[]=deadcalm_verdict");
  CHECK(choices.has("[\"orders\"]"));  // honor_labels: it is not exported_service
  const json::value rules = json::parse(prometheus.get("/api/v1/rules").text);
  int healthy = 0;
  for (const json::value& rule : rules.at("data").at("groups").at(0).at("rules").as_array()) {
    INFO(json::serialize(rule));
    CHECK(rule.at("health").as_string() == "ok");
    CHECK(rule.at("state").as_string() == "inactive");
    ++healthy;
  }
  CHECK(healthy == 5);
}
