#include <catch2/catch.hpp>

#include "tests/config/surroundings.h"

namespace fs = std::filesystem;
using namespace deadcalm;
using namespace std::chrono_literals;

TEST_CASE("good files load without a word") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(tests::data_folder() / "good")) {
    INFO(entry.path().filename());
    const config::Loaded loaded = tests::load(tests::content(entry.path()), entry.path().filename());
    CHECK(loaded.faults.text() == "");
    CHECK(loaded.ok());
    ++files;
  }
  CHECK(files >= 3);
}

TEST_CASE("every common key arrives in the options") {
  const config::Loaded loaded = tests::load(tests::content(tests::data_folder() / "good/everything.yaml"),
                                            "/etc/deadcalm/deadcalm.yaml");
  REQUIRE(loaded.ok());
  const config::Options& options = *loaded.options;
  CHECK(options.site == "berlin-1");
  CHECK(options.store.path == "/var/lib/deadcalm/state.db");
  CHECK(options.web.listen == "[::1]:9000");
  CHECK(options.log.level == config::LogLevel::debug);
  CHECK(options.log.format == config::LogFormat::json);
  CHECK(options.canary_key == model::Secret{"fedcba9876543210fedc"});
  REQUIRE(options.deadman);
  CHECK(options.deadman->url == "https://hc.example.com/ping/1");
  CHECK(options.deadman->every == 30s);
  CHECK(options.anchors.interval == 20s);
  CHECK(options.anchors.timeout == 2s);
  REQUIRE(options.anchors.targets.size() == 3);
  CHECK(options.anchors.targets[2].kind == config::AnchorKind::http);
  CHECK(options.anchors.targets[2].target == "https://example.net/health");
  CHECK(options.defaults.page.escalation == "nights");
  CHECK(options.defaults.notify == std::vector<std::string>{"slack-ops"});
  CHECK(options.defaults.owner.channels == std::vector<std::string>{"slack-ops"});

  const config::PolicyOptions wanted{4, 2min, 15s, 6, 7min, 8s, 9s, 40s, 6min, 11min};
  CHECK(options.defaults.policy == wanted);
}

TEST_CASE("a service is decoded over the defaults") {
  const config::Loaded loaded = tests::load(tests::content(tests::data_folder() / "good/everything.yaml"));
  REQUIRE(loaded.options);
  const config::ServiceOptions& orders = loaded.options->services.at(0);
  CHECK(orders.name == "orders");
  CHECK(orders.runbook == "https://wiki.example.com/orders");
  CHECK(orders.labels == std::vector<std::pair<std::string, std::string>>{{"team", "shop"}, {"tier", "1"}});
  CHECK(orders.owner.escalation == "nights");
  CHECK(orders.page.channels == std::vector<std::string>{"pager", "slack-ops"});
  CHECK(orders.page.escalation == "");
  CHECK(orders.notify.empty());
  CHECK(orders.policy == config::PolicyOptions{2, 0s, 15s, 6, 7min, 8s, 9s, 40s, 6min, 11min});

  REQUIRE(orders.write.size() == 1);
  CHECK(orders.write[0].name == "api");
  CHECK(orders.write[0].interval == 30s);
  CHECK(orders.write[0].timeout == 10s);
  CHECK(config::slow_after(orders.policy, orders.write[0]) == 9s);
  CHECK(orders.view.at(0).name == "view-http");
  CHECK(orders.view.at(0).interval == 2min);
  REQUIRE(orders.traffic);
  CHECK(orders.traffic->source.name == "traffic-sql");
  CHECK(orders.traffic->on_silence == config::OnSilence::page);

  const config::ServiceOptions& carts = loaded.options->services.at(1);
  CHECK(carts.page.escalation == "nights");
  CHECK(carts.policy == loaded.options->defaults.policy);
  REQUIRE(carts.write.size() == 3);
  CHECK(carts.write[0].name == "write-http");
  CHECK(carts.write[1].name == "write-postgres");
  CHECK(carts.write[2].name == "write-http-2");
}

TEST_CASE("an escalation has steps, a last resort and a repeat") {
  const config::Loaded loaded = tests::load(tests::content(tests::data_folder() / "good/everything.yaml"));
  REQUIRE(loaded.options);
  const config::EscalationOptions& nights = loaded.options->escalations.at(0);
  REQUIRE(nights.steps.size() == 3);
  CHECK(nights.steps[0].after == 0s);
  CHECK(nights.steps[1].after == 10min);
  CHECK(nights.steps[1].to == std::vector<std::string>{"pager", "slack-ops"});
  CHECK(nights.steps[2].after == 5min);
  CHECK(nights.last_resort == std::vector<std::string>{"slack-ops"});
  CHECK(nights.repeat_every == 20min);
}
