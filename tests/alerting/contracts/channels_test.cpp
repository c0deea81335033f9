// The table of channel kinds: what each takes from a configuration, and the exact faults.
#include <catch2/catch.hpp>
#include <sstream>

#include "alerting/registry.h"
#include "tests/alerting/contracts/receiver.h"
#include "tests/config/bench.h"

using namespace deadcalm;
using namespace deadcalm::alerting;

namespace {

std::string faults_of(const std::string& type, const std::string& text) {
  tests::Bench bench(text);
  auto reader = bench.reader();
  decode_channel(type, reader);
  return bench.messages();
}

}  // namespace

TEST_CASE("the kinds of channels") {
  CHECK(channel_types() == std::vector<std::string>{"console", "pagerduty", "slack", "webhook"});
}

TEST_CASE("good channels") {
  CHECK(faults_of("slack", "webhook_url_file: /etc/deadcalm/secrets/slack").empty());
  CHECK(faults_of("pagerduty", "routing_key_file: /run/secrets/pd").empty());
  CHECK(faults_of("pagerduty",
                  "{ routing_key_file: /run/secrets/pd, url: 'https://events.eu.pagerduty.com/v2/enqueue' }")
            .empty());
  CHECK(faults_of("webhook", "url: https://hooks.example.com/deadcalm").empty());
}

TEST_CASE("faulty channels say how to mend them") {
  CHECK_THAT(faults_of("slack", "{}"), Catch::Contains("webhook_url"));
  CHECK_THAT(faults_of("slack", "webhook_url: \"${PD_KEY}\""),
             Catch::Contains("must start with https:// or http://"));
  CHECK_THAT(faults_of("pagerduty", "{}"), Catch::Contains("routing_key"));
  CHECK_THAT(faults_of("webhook", "{ url: https://hooks.example.com, secret: \"${API_KEY}\" }"),
             Catch::Contains("must be \"whsec_\" and the base64 of 24 to 64 bytes"));
  CHECK_THAT(faults_of("webhook", "{ url: https://hooks.example.com, secrt: x }"),
             Catch::Contains("did you mean \"secret\"?"));
  CHECK_THAT(faults_of("console", "colour: yes"), Catch::Contains("unknown key"));
}

TEST_CASE("a console channel prints a block that reads well") {
  tests::Bench bench("{}");
  auto reader = bench.reader();
  const MakeSender make = decode_channel("console", reader);
  tests::Receiver receiver([](const server::Request&) { return server::Response{}; });
  std::ostringstream out;
  const SenderDeps deps{receiver.client, out};
  const auto console = make(deps);
  CHECK(std::holds_alternative<Accepted>(receiver.send(*console, tests::delivery_of(PageKind::trigger))));
  CHECK(out.str() ==
        "--- 2026-11-23T02:17:20Z trigger [critical]\n"
        "orders: SAVING IS DOWN, apps still look fine (cache)\n"
        "  No write accepted since 02:14:00 UTC (3 min, 5 tries: <html> & co).\n"
        "  Last good write 02:13:52 UTC.\n"
        "  Truth: connection refused <api.example.com>\n"
        "  Clients: 200 from cache\n"
        "  FIRST: do the API and the database still exist?\n"
        "  Runbook: https://wiki.example.com/orders?a=1&b=2\n"
        "  dc_0123456789abcdef01234567\n");
}
