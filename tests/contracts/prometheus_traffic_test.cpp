// The prometheus source against a real Prometheus that scrapes a tiny exporter: what it really answers for a
// counter that rises, stands still, is misspelt, or has not been scraped twice.
#include <catch2/catch.hpp>
#include <fstream>

#include "probes/registry.h"
#include "server/http_server.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/process.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  int customers = 100, canaries = 100;  // what the exporter's counters say
  int rises_by = 0;                     // with every scrape
  int scrapes = 0;
  server::HttpServer exporter{io.get_executor(), [this](server::Request r) { return answer(std::move(r)); }};
  std::uint16_t target = exporter.start("127.0.0.1:0").value();
  tests::TempDir dir;
  std::uint16_t port = tests::free_port();
  tests::Process prometheus;

  Rig() {
    const std::string config = dir.file("prometheus.yml");
    std::ofstream(config) << "scrape_configs:\n  - job_name: shop\n    scrape_interval: 500ms\n"
                          << "    scrape_timeout: 400ms\n    static_configs: [ { targets: [ \"127.0.0.1:"
                          << target << "\" ] } ]\n";
    prometheus =
        tests::Process({"prometheus", "--config.file=" + config, "--storage.tsdb.path=" + dir.file("data"),
                        "--web.listen-address=127.0.0.1:" + std::to_string(port)},
                       dir.file("log"));
    REQUIRE(until([this] { return scrapes > 0; }));  // apt-get install prometheus
  }
  ~Rig() {
    prometheus.kill();
    tests::run_task(io, exporter.stop());
  }

  net::awaitable<server::Response> answer(server::Request) {
    ++scrapes;
    customers += rises_by;
    canaries += 1;
    server::Response page;
    page.content_type = "text/plain; version=0.0.4";
    page.body = "# TYPE orders_committed_total counter\norders_committed_total{customer=\"ann\"} " +
                std::to_string(customers) + "\norders_committed_total{customer=\"deadcalm-canary\"} " +
                std::to_string(canaries) + '\n';
    co_return page;
  }
  bool until(const std::function<bool()>& done, model::Millis limit = 20s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(20ms);
    }
    return done();
  }
  std::unique_ptr<probes::CountSource> source(const std::string& query) {
    probes::TrafficPath path;
    const std::string faults = tests::decode_yaml(
        "url: http://127.0.0.1:" + std::to_string(port) + "/\nquery: \"" + query + "\"\n", environment,
        [&](config::Reader& r) { path = probes::decode_traffic("prometheus", r, 60s); });
    REQUIRE(faults == "");
    return path.source(probes::BackendDeps{clock, client, io.get_executor(), environment, "a1b2c3d4",
                                           model::Secret("not used")});
  }
  probes::Counted count(const std::string& query, model::Millis window) {
    const auto from = source(query);
    const probes::CountWindow question{clock.now().wall - window, window};
    return tests::run_task(io, from->count(question, clock.now().steady + 3s));
  }
  std::string why(const std::string& query, model::Millis window) {
    const auto counted = count(query, window);
    return counted ? "counted " + std::to_string(*counted) : counted.error();
  }
};

const char* const kCommitted =
    "sum(increase(orders_committed_total{customer!='deadcalm-canary'}[${window}]))";

}  // namespace

TEST_CASE("a real Prometheus: commits after a moment, silence, and what is neither") {
  Rig shop;
  const int before = shop.scrapes;
  REQUIRE(shop.until([&] { return shop.scrapes >= before + 6; }));
  CHECK(shop.count(kCommitted, 60s) == 0);  // nobody orders, and our own canaries are left out
  CHECK(shop.count("sum(increase(orders_committed_total[${window}]))", 60s).value_or(0) > 0);

  shop.rises_by = 5;
  const int quiet = shop.scrapes;
  REQUIRE(shop.until([&] { return shop.scrapes >= quiet + 6; }));
  const auto counted = shop.count(kCommitted, 60s);
  REQUIRE(counted);
  CHECK(*counted >= 20);
  CHECK(*counted <= 200);  // extrapolated over a young series
  CHECK(shop.count("scalar(" + std::string(kCommitted) + ")", 60s).value_or(0) > 0);

  CHECK_THAT(shop.why(kCommitted, 0s), Catch::Contains("HTTP 400"));
  CHECK_THAT(shop.why("sum(increase(orders_comitted_total[${window}]))", 60s),
             Catch::Contains("no series: does the metric exist"));
  CHECK_THAT(shop.why("increase(orders_committed_total[${window}])", 60s),
             Catch::Contains("2 series instead of one"));
  CHECK_THAT(shop.why("sum(increase(orders_committed_total[${window}])) * NaN", 60s),
             Catch::Contains("NaN is no count"));
  CHECK_THAT(shop.why("sum(increase(orders_committed_total[${window}])", 60s),
             Catch::Contains("unclosed left parenthesis"));
  CHECK_THAT(shop.why("orders_committed_total[${window}]", 60s), Catch::Contains("a matrix instead"));

  const auto source = shop.source(kCommitted);
  const auto past = tests::run_task(
      shop.io, source->history(shop.clock.now().wall, 24h * 28, shop.clock.now().steady + 3s));
  REQUIRE(past);  // it has no hour to tell of yet, and says so without a fault
  CHECK(past->empty());

  // The exporter is gone: after a moment there are not two scrapes in the window, and that is not silence.
  tests::run_task(shop.io, shop.exporter.stop());
  CHECK(shop.until([&] { return shop.why(kCommitted, 2s).starts_with("no series"); }));
}
