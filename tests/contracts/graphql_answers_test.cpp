// The graphql backend and answers that no GraphQL server should give, but proxies, gateways and firewalls do.
#include <catch2/catch.hpp>

#include "probes/registry.h"
#include "server/http_server.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;

namespace {

const model::Secret kKey{"test-key"};

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  server::Response answer;
  std::vector<server::Request> seen;
  server::HttpServer server{io.get_executor(), [this](server::Request r) -> net::awaitable<server::Response> {
                              seen.push_back(std::move(r));
                              co_return answer;
                            }};
  std::string base = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());
  std::unique_ptr<probes::Backend> backend;
  probes::Canary canary = probes::make_canary("a1b2c3d4-notes", 7, clock.now().wall, kKey);

  explicit Rig(const std::string& token_path = "") {
    const std::string yaml = "url: " + base +
                             "/graphql\nheaders: { X-Tenant: canary }\nmax_body_bytes: 4096\n" +
                             "plant: { query: p, operation: Plant, variables: { t: \"${canary.token}\" } }\n"
                             "read: { query: r, variables: { id: \"${canary.int}\" }" +
                             token_path + " }\nremove: { query: d, variables: { id: \"${canary.id}\" } }\n";
    probes::WritePath path;
    REQUIRE(tests::decode_yaml(yaml, environment,
                               [&](config::Reader& r) { path = probes::decode_write("graphql", r); }) == "");
    backend = path.backend({clock, client, io.get_executor(), environment, "a1b2c3d4", kKey});
    answer.content_type = "application/json";
  }
  ~Rig() {
    backend->finish();
    tests::run_task(io, server.stop());
  }
  probes::ReadAnswer read() { return tests::run_task(io, backend->read(canary, clock.now().steady + 2s)); }
  probes::PlantAnswer plant() { return tests::run_task(io, backend->plant(canary, clock.now().steady + 2s)); }
};

}  // namespace

TEST_CASE("graphql: answers that are none have their classes") {
  struct Row {
    int status;
    const char* type;
    std::string body;
    Write failure;
    const char* detail;  // part of it
  };
  const Row rows[] = {
      {200, "text/html", "<html>maintenance</html>", Write::contract, "the body is not JSON"},
      {200, "application/json", "{\"data\":{\"note\"", Write::contract, "the body is not JSON"},
      {200, "application/json", "", Write::contract, "the body is not JSON"},
      {200, "application/json", "[1]", Write::contract, "neither data nor errors"},
      {200, "application/json", "{\"message\":\"hello\"}", Write::contract, "neither data nor errors"},
      {200, "application/json", std::string(5000, ' '), Write::contract, "4096"},
      {403, "text/html", "<html>are you human?</html>", Write::throttle, "a firewall's challenge"},
      {302, "text/html", "", Write::server, "HTTP 302"},
      {502, "text/html", "<html>bad gateway</html>", Write::server, "HTTP 502"},
      {400, "application/json", R"({"errors":[{"message":"Syntax Error: Unexpected Name"}]})",
       Write::contract, "HTTP 400, GraphQL error: Syntax Error"},
      {401, "application/json", R"({"errors":[{"errorType":"UnauthorizedException","message":"no"}]})",
       Write::auth, "HTTP 401, GraphQL error UnauthorizedException: no"},
      {500, "application/json", R"({"errors":[{"message":"Unexpected error."}]})", Write::server,
       "HTTP 500, GraphQL error: Unexpected error."},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.answer.status = row.status;
    rig.answer.content_type = row.type;
    rig.answer.body = row.body;
    INFO(row.status << ' ' << row.body.substr(0, 60));
    for (const auto& failure : {rig.plant().failure, rig.read().failure}) {
      REQUIRE(failure);
      CHECK(failure->failure == row.failure);
      CHECK(failure->detail.find(row.detail) != std::string::npos);
    }
  }
}

TEST_CASE("graphql: there, absent, another token, something else") {
  const probes::Canary other = probes::make_canary("a1b2c3d4-notes", 6, model::from_unix_millis(1), kKey);
  const auto reads = [&](const std::string& path, const std::string& body) {
    Rig rig(path);
    rig.answer.body = body;
    const std::size_t at = rig.answer.body.find("TOKEN");
    if (at != std::string::npos) rig.answer.body.replace(at, 5, rig.canary.token);
    const probes::ReadAnswer answer = rig.read();
    if (answer.failure) return answer.failure->detail;
    if (answer.found == probes::Found::no) return std::string("absent");
    return answer.token == rig.canary.token ? std::string("there") : "other:" + answer.token;
  };
  const std::string path = ", token: $.data.note.text";
  const std::string found = R"({"data":{"note":{"text":")";
  for (const std::string& where : {std::string(), path}) {
    INFO(where);
    CHECK(reads(where, found + "TOKEN\"}}}") == "there");
    CHECK(reads(where, found + "note: TOKEN.\"}}}") == "there");
    CHECK(reads(where, found + other.token + "\"}}}") == "other:" + other.token);
    CHECK(reads(where, R"({"data":{"note":null}})") == "absent");
    CHECK(reads(where, R"({"data":{"note":null},"errors":[{"extensions":{"code":"NOT_FOUND"}}]})") ==
          "absent");
  }
  CHECK(reads("", R"({"data":{"notes":{"items":[],"nextToken":null}}})") == "absent");
  CHECK(reads("", found + "hello\"}}}") == "the token is not in the answer");
  CHECK(reads(path, found + "hello\"}}}") == "other:");
}

TEST_CASE("graphql: what goes over the wire") {
  Rig rig;
  rig.answer.body = R"({"data":{}})";
  rig.plant();
  rig.read();
  REQUIRE(rig.seen.size() == 2);
  const server::Request& plant = rig.seen[0];
  CHECK(plant.method == "POST");
  CHECK(plant.body ==
        R"({"query":"p","operationName":"Plant","variables":{"t":")" + rig.canary.token + "\"}}");
  CHECK(*plant.header("content-type") == "application/json");
  CHECK(*plant.header("x-tenant") == "canary");
  CHECK(*plant.header("user-agent") == "deadcalm/" DEADCALM_VERSION);
  CHECK(*plant.header("deadcalm-canary") == "a1b2c3d4");
  CHECK(plant.header("authorization") == nullptr);
  CHECK(rig.seen[1].body ==
        R"({"query":"r","variables":{"id":)" + std::to_string(rig.canary.number()) + "}}");
}
