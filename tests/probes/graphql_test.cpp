// The graphql backend's parts: what errors mean, what an empty answer is, and the faults of its keys.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "probes/graphql/errors.h"
#include "probes/graphql/graphql_backend.h"
#include "probes/registry.h"
#include "tests/support/decode_yaml.h"

using namespace deadcalm;
using model::Write;
using Kind = probes::graphql::Refusal::Kind;

TEST_CASE("errors of GraphQL answers have their classes, whatever the server calls them") {
  struct Row {
    const char* errors;  // the list
    Write failure;
    bool gone = false;
    Kind kind = Kind::failed;
    bool known = true;
  };
  const Row rows[] = {
      {R"([{"errorType":"Unauthorized","message":"Not Authorized to access createOrder on type Order"}])",
       Write::auth},
      {R"([{"errorType":"UnauthorizedException","message":"Missing authorization"}])", Write::auth},
      {R"([{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}])", Write::auth},
      {R"([{"message":"x","extensions":{"code":"FORBIDDEN"}}])", Write::auth},
      {R"([{"message":"x","extensions":{"code":"access-denied"}}])", Write::auth},
      {R"([{"message":"x","extensions":{"classification":"UNAUTHORIZED"}}])", Write::auth},
      {R"([{"message":"permission denied for table notes","extensions":{"code":"INTERNAL_SERVER_ERROR"}}])",
       Write::auth},
      {R"([{"errorType":"DynamoDB:ProvisionedThroughputExceededException","message":"x"}])", Write::throttle},
      {R"([{"message":"x","extensions":{"code":"THROTTLED"}}])", Write::throttle},
      {R"([{"message":"Rate limit exceeded"}])", Write::throttle},
      {R"([{"message":"x","extensions":{"code":"BAD_USER_INPUT"}}])", Write::contract},
      {R"([{"message":"Cannot query field \"nte\" on type \"Query\"."}])", Write::contract},
      {R"([{"message":"Variable \"$id\" of required type \"ID!\" was not provided."}])", Write::contract},
      {R"([{"errorType":"DynamoDB:ResourceNotFoundException","message":"Requested resource not found"}])",
       Write::server, true},
      {R"([{"message":"x","extensions":{"code":"42P01"}}])", Write::server, true},
      {R"([{"message":"cannot execute INSERT in a read-only transaction"}])", Write::read_only},
      {R"([{"message":"x","extensions":{"code":"NOT_FOUND"}}])", Write::contract, false, Kind::absent},
      {R"([{"errorType":"ConflictUnhandled","message":"x"}])", Write::contract, false, Kind::conflict},
      {R"([{"message":"Unexpected error.","extensions":{"code":"INTERNAL_SERVER_ERROR"}}])", Write::server,
       false, Kind::failed, false},
      {R"(["not even a map"])", Write::server, false, Kind::failed, false},
      // The gravest of several counts.
      {R"([{"message":"x"},{"errorType":"Unauthorized","message":"y"}])", Write::auth},
      {R"([{"errorType":"Unauthorized"},{"errorType":"DynamoDB:ResourceNotFoundException"}])", Write::server,
       true},
  };
  for (const Row& row : rows) {
    INFO(row.errors);
    const auto refusal = probes::graphql::refusal_in(
        boost::json::parse(std::string(R"({"data":null,"errors":)") + row.errors + "}"));
    REQUIRE(refusal);
    CHECK(refusal->failure.failure == row.failure);
    CHECK(refusal->failure.container_gone == row.gone);
    CHECK(refusal->kind == row.kind);
    CHECK(refusal->known == row.known);
    CHECK_FALSE(refusal->failure.detail.empty());
  }
}

TEST_CASE("an answer without errors is no refusal") {
  for (const char* text : {R"({"data":{}})", R"({"data":{},"errors":[]})", R"({"errors":null})", "[]", "7"}) {
    INFO(text);
    CHECK_FALSE(probes::graphql::refusal_in(boost::json::parse(text)));
  }
}

TEST_CASE("what was not executed cannot have written; what failed half-way may have") {
  const auto maybe_done = [](const char* text) {
    return probes::graphql::refusal_in(boost::json::parse(text))->failure.maybe_done;
  };
  CHECK_FALSE(maybe_done(R"({"errors":[{"message":"Cannot query field"}]})"));
  CHECK_FALSE(maybe_done(R"({"data":{"put":null},"errors":[{"errorType":"Unauthorized"}]})"));
  CHECK(maybe_done(R"({"data":null,"errors":[{"message":"connection lost"}]})"));
}

TEST_CASE("an answer that holds nothing") {
  const auto nothing = [](const char* text) {
    return probes::graphql::holds_nothing(boost::json::parse(text));
  };
  CHECK(nothing(R"({"note":null})"));
  CHECK(nothing(R"({"notes":{"items":[],"nextToken":null,"__typename":"Notes"}})"));
  CHECK(nothing("[]"));
  CHECK_FALSE(nothing(R"({"note":{"text":"x"}})"));
  CHECK_FALSE(nothing(R"({"count":0})"));
  CHECK_FALSE(nothing(R"({"notes":[null]})"));
}

namespace {

// The three steps, with one line in place of another.
std::string steps(const std::string& instead = "", const std::string& by = "") {
  std::string text =
      "url: https://api.example.com/graphql\n"
      "plant: { query: \"mutation ...\", variables: { note: \"${canary.token}\" } }\n"
      "read: { query: \"query ...\", variables: { id: \"${canary.id}\" } }\n"
      "remove: { query: \"mutation ...\", variables: { id: \"${canary.id}\" } }\n";
  const std::size_t at = instead.empty() ? text.size() : text.find(instead);
  const std::size_t end = instead.empty() ? at : text.find('\n', at) + 1;
  return text.replace(at, end - at, by + '\n');
}

}  // namespace

TEST_CASE("faults of the graphql keys, with their places") {
  struct Row {
    std::string yaml;
    const char* expected;  // part of the text; "": none
  };
  const Row rows[] = {
      {steps(), ""},
      {steps("plant", ""), "\"plant\" is missing; a mutation that writes ${canary.token}"},
      {steps("plant", "plant: { query: x, variables: { note: hello } }"),
       "test.yaml:2:31: plant.variables: the plant does not write ${canary.token},"},
      {steps("plant", "plant: { query: x, variables: [ \"${canary.token}\" ] }"), "must be a map"},
      {steps("plant", "plant: { query: \"mutation { put(t: \\\"${canary.token}\\\") }\" }"), "canary.token"},
      {steps("read", "read: { query: x }"), "the read does not name the record"},
      {steps("remove", "remove: { query: x }"),
       "the remove does not name the record, so it could delete others"},
      {steps("read", "read: { query: x, variables: { id: \"${canary.id}\" }, token: data.note }"),
       "there must be $, the whole document; give a path like $.data.note.text"},
      {steps("plant",
             "plant: { query: x, variables: { t: \"${canary.token}\" }, capture: { id: $.data.id } }"),
       "the server assigns the id"},
      {steps("read", "read: { query: x, vars: { id: 1 } }"), "read.vars: unknown key"},
      {steps() + "auth: { api_key: \"${KEY}\", bearer: \"${KEY}\" }", "cannot stand beside \"api_key\""},
      {steps() + "auth: { }", "is missing"},
      {steps() + "auth: { oauth2: { token_url: \"https://id.example.com/token\", client_id: x } }",
       "\"client_secret\" is missing; or \"client_secret_file\""},
      {steps() + "auth: { cognito: { client_id: x, username: u, password: \"${KEY}\" } }",
       "\"region\" or \"endpoint\" is missing"},
      {steps() + "auth: { cognito: { region: eu-west-1, client_id: x, username: u, password: \"${KEY}\", "
                 "token: acess } }",
       "did you mean \"access\"?"},
  };
  config::Environment environment;
  environment.variables["KEY"] = "k3y-of-the-test";
  for (const Row& row : rows) {
    const std::string text = tests::decode_yaml(
        row.yaml, environment, [](config::Reader& r) { probes::decode_write("graphql", r); });
    INFO(row.yaml << "\n" << text);
    CHECK((std::string_view(row.expected).empty() ? text.empty()
                                                  : text.find(row.expected) != std::string::npos));
  }
}
