// PagerDuty's Events API v2, from its reference ("Send an event", limits of "Trigger events"); stricter
// than their schema, which knows no lengths.
#include "alerting/senders/pagerduty/pagerduty.h"

#include <catch2/catch.hpp>
#include <map>
#include <regex>

#include "tests/alerting/contracts/receiver.h"

using namespace deadcalm;
using namespace deadcalm::alerting;
using namespace std::chrono_literals;
using tests::characters;
using tests::need;
namespace json = boost::json;

namespace {

constexpr const char* kKey = "0123456789abcdef0123456789abcdef";

struct Vendor : tests::Receiver {
  Vendor() : Receiver([this](const server::Request& request) { return enqueue(request); }) {}
  Pagerduty sender{{model::Secret(kKey), url + "/v2/enqueue"}, client};
  std::map<std::string, std::string> alerts;  // dedup_key -> state

  void check_payload(const json::object& payload) {
    for (const auto& [key, value] : payload) {
      const bool known = key == "summary" || key == "source" || key == "severity" || key == "timestamp" ||
                         key == "component" || key == "group" || key == "class" || key == "custom_details";
      need(known, "unknown key in payload");
    }
    const std::string summary(payload.at("summary").as_string());
    need(!summary.empty() && characters(summary) <= 1024, "summary");
    need(!payload.at("source").as_string().empty(), "source");
    const std::string severity(payload.at("severity").as_string());
    need(severity == "critical" || severity == "error" || severity == "warning" || severity == "info",
         "severity");
    const std::string timestamp(payload.at("timestamp").as_string());
    need(std::regex_match(timestamp, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")), "timestamp");
    need(payload.at("custom_details").is_object(), "custom_details");
  }

  server::Response enqueue(const server::Request& request) {
    try {
      need(request.method == "POST" && request.path == "/v2/enqueue", "path");
      need(request.body.size() <= 512 * 1024, "size");
      const json::object body = json::parse(request.body).as_object();
      need(body.at("routing_key") == kKey, "routing_key");
      const std::string action(body.at("event_action").as_string());
      const std::string key(body.at("dedup_key").as_string());
      need(!key.empty() && characters(key) <= 255, "dedup_key");
      for (const auto& link : body.contains("links") ? body.at("links").as_array() : json::array{}) {
        need(link.at("href").as_string().starts_with("https://"), "link");
      }
      if (action == "trigger") {
        check_payload(body.at("payload").as_object());
        alerts[key] = "triggered";
      } else {
        need(action == "acknowledge" || action == "resolve", "event_action");
        if (alerts.contains(key)) alerts[key] = action + "d";  // without an open alert it is dropped
      }
      return {.status = 202,
              .body = R"({"status":"success","message":"Event processed","dedup_key":")" + key + "\"}",
              .headers = {}};
    } catch (const std::exception& e) {
      return {.status = 400,
              .body = std::string(
                          R"({"status":"invalid event","message":"Event object is invalid","errors":[")") +
                      e.what() + "\"]}",
              .headers = {}};
    }
  }
};

}  // namespace

TEST_CASE("PagerDuty: one alert from trigger to resolve, updates and repeats included") {
  Vendor vendor;
  const auto step = [&](PageKind kind) {
    const auto result = vendor.send(vendor.sender, tests::delivery_of(kind));
    REQUIRE(std::holds_alternative<Accepted>(result));
    CHECK(std::get<Accepted>(result).provider_ref == "inst0001/00112233aabbccdd/3");
    REQUIRE(vendor.alerts.size() == 1);
    return vendor.alerts.begin()->second;
  };
  CHECK(step(PageKind::trigger) == "triggered");
  CHECK(step(PageKind::trigger) == "triggered");
  CHECK(step(PageKind::update) == "triggered");
  CHECK(step(PageKind::acknowledge) == "acknowledged");
  CHECK(step(PageKind::resolve) == "resolved");
}

TEST_CASE("PagerDuty takes the largest page") {
  Vendor vendor;
  const auto result = vendor.send(vendor.sender, tests::large_delivery());
  if (const auto* no = std::get_if<Rejected>(&result)) FAIL(no->reason);
  CHECK(std::holds_alternative<Accepted>(result));
}

TEST_CASE("what stands in a PagerDuty event") {
  const json::object body =
      json::parse(pagerduty_body(tests::delivery_of(PageKind::trigger), model::Secret(kKey))).as_object();
  const auto& payload = body.at("payload");
  CHECK_THAT(std::string(payload.at("summary").as_string()),
             Catch::StartsWith("orders: SAVING IS DOWN, apps still look fine (cache). No write accepted"));
  CHECK(payload.at("severity") == "critical");
  CHECK(payload.at("source") == "fra1");
  CHECK(payload.at("component") == "orders");
  CHECK(payload.at("custom_details").at("first") == "FIRST: do the API and the database still exist?");
  CHECK(payload.at("custom_details").at("label team") == "shop");
  CHECK(body.at("links").at(0).at("href") == "https://wiki.example.com/orders?a=1&b=2");
}

TEST_CASE("what PagerDuty's answers mean") {
  struct Row {
    server::Response answer;
    bool retry, hold;
  };
  const Row rows[] = {{{.status = 429, .body = "", .headers = {}}, true, true},
                      {{.status = 502, .body = "", .headers = {}}, true, false},
                      {{.status = 400, .body = "", .headers = {}}, false, false},
                      {{.status = 403, .body = "", .headers = {}}, false, false},
                      {{.status = 200, .body = "a proxy", .headers = {}}, false, false}};
  for (const Row& row : rows) {
    INFO(row.answer.status);
    Vendor vendor;
    vendor.forced = {row.answer};
    const auto result = vendor.send(vendor.sender, tests::delivery_of(PageKind::trigger));
    const auto* retry = std::get_if<Retry>(&result);
    CHECK((retry != nullptr) == row.retry);
    if (retry != nullptr) CHECK(retry->hold_channel == row.hold);
  }
  Vendor vendor;
  Pagerduty stranger({model::Secret("wrong"), vendor.url + "/v2/enqueue"}, vendor.client);
  const auto refused = vendor.send(stranger, tests::delivery_of(PageKind::trigger));
  REQUIRE(std::holds_alternative<Rejected>(refused));
  CHECK_THAT(std::get<Rejected>(refused).reason, Catch::Contains("routing_key"));
}

TEST_CASE("PagerDuty: never given up, the others are told after a minute, 30 s after a 429") {
  Vendor vendor;
  const RetryTable& table = vendor.sender.retries();
  CHECK_FALSE(table.give_up);
  CHECK(table.fall_back == model::Millis{60s});
  CHECK(table.after_429 == 30s);
  CHECK(60s / table.gap <= 120);  // calls a minute that they allow
}
