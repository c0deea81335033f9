// What `deadcalm check` says of the cost of our writes.
#include <catch2/catch.hpp>

#include "app/commands/commands.h"
#include "app/configured.h"

using namespace deadcalm;

namespace {

std::string promises(const std::string& write) {
  config::Environment environment;
  environment.variables["KEY"] = "da2-abcdefgh";
  const auto configured = app::configure_text(
      "defaults: { page: [terminal] }\nchannels: [ { name: terminal, type: console } ]\n"
      "services: [ { name: orders, write: " +
          write + " } ]\n",
      "check.yaml", environment);
  INFO(configured->loaded.faults.text());
  REQUIRE(configured->ok());
  return app::promises_text(*configured);
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

constexpr const char* kAppsync =
    "{ type: appsync, url: \"https://x.example.com/graphql\", model: Canary, auth: { api_key: \"${KEY}\" }";

}  // namespace

TEST_CASE("check counts what each write is pushed to, where clients subscribe") {
  const std::string text = promises(std::string(kAppsync) + ", clients: 1200 }");
  CHECK(contains(
      text, "1 440 canaries a day; at most 2 live + 3 unresolved; 0.17 M calls a month; budget 10 records"));
  CHECK(contains(
      text, "1 440 updates a day x 1 200 subscribed clients = 1 728 000 messages a day, 51.84 M a month"));
  CHECK(contains(promises(std::string(kAppsync) + " }"),
                 "1 440 updates a day, each pushed to every subscribed client"));
}

TEST_CASE("check says nothing of a fan-out where nobody subscribes") {
  const std::string text =
      promises("{ type: http, resource: \"https://x.example.com/c\", json: { t: \"${canary.token}\" } }");
  CHECK(contains(text, "at most 2 live + 3 unresolved; 0.22 M calls a month; budget 10 records"));
  CHECK_FALSE(contains(text, "fan-out"));
}
