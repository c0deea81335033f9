// The http backend against a real HTTP server in this process: short form, long form, server-assigned
// ids, and the faults such APIs show. The cycle above it is the one of write_probe_test.cpp.
#include <catch2/catch.hpp>

#include "probes/registry.h"
#include "probes/write_probe.h"
#include "server/http_server.h"
#include "tests/support/canary_api.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_backend.h"

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
  tests::CanaryApi api;
  server::HttpServer server{io.get_executor(),
                            [this](server::Request r) { return api.handle(std::move(r)); }};
  std::string base = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());
  tests::MemoryLedger ledger;
  std::unique_ptr<probes::WriteProbe> probe;
  model::Observation last;
  probes::Description description;

  explicit Rig(const std::string& yaml) {
    environment.variables["KEY"] = "s3cret-0";
    load(yaml);
  }
  void load(const std::string& yaml) {
    std::string text = yaml;
    for (std::size_t at = text.find("BASE"); at != std::string::npos; at = text.find("BASE"))
      text.replace(at, 4, base);
    probes::WritePath path;
    const std::string faults = tests::decode_yaml(
        text, environment, [&](config::Reader& r) { path = probes::decode_write("http", r); });
    INFO(faults);
    REQUIRE(faults.empty());
    const probes::BackendDeps deps{clock, client, io.get_executor(), environment, "a1b2c3d4", kKey};
    auto backend = path.backend(deps);
    description = backend->describe(probes::make_canary("a1b2c3d4-orders", 7, clock.now().wall, kKey));
    probe = std::make_unique<probes::WriteProbe>(
        probes::WriteProbeOptions{"orders", "http", 2s, 100ms, 1s},
        probes::WriteProbeDeps{clock, ledger, kKey, std::move(backend), nullptr}, ledger.stream,
        ledger.all());
  }
  ~Rig() { tests::run_task(io, server.stop()); }

  net::awaitable<int> cycle_task() {
    auto publish = [this](model::Observation o) { last = std::move(o); };
    co_await probe->run(publish);
    co_return 0;
  }
  model::WriteLook cycle() {
    tests::run_task(io, cycle_task());
    return std::get<model::WriteLook>(last.look);
  }
};

constexpr const char* kShort =
    "resource: BASE/canaries\njson: { note: \"${canary.token}\" }\nauth: { bearer: \"${KEY}\" }\n";
constexpr const char* kAssigned = R"(
plant: { url: BASE/canaries, json: { note: "${canary.token}" }, expect: { status: 201 }, capture: { id: $.data.id } }
read: { url: "BASE/canaries/${canary.id}", expect: { json: { $.id: { exists: true } } } }
remove: { url: "BASE/canaries/${canary.id}" }
find: { url: BASE/canaries, records: $.items, id: $.id, token: $.note }
)";

}  // namespace

TEST_CASE("http, short form: a verified cycle and one record left") {
  Rig rig(kShort);
  for (int i = 1; i <= 3; ++i) {
    const auto look = rig.cycle();
    INFO(rig.last.detail);
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
    CHECK(rig.api.notes.size() == 1);
    CHECK(rig.ledger.records.size() == 1);
  }
  CHECK(std::get<model::WriteLook>(rig.last.look).sentinel == model::Sentinel::present);
}

TEST_CASE("every request can be told from a customer's, and truth reads ask for no cache") {
  Rig rig(kShort);
  rig.cycle();
  REQUIRE(rig.api.seen.size() >= 2);
  for (const auto& request : rig.api.seen) {
    CHECK(*request.header("user-agent") == "deadcalm/" DEADCALM_VERSION);
    CHECK(*request.header("deadcalm-canary") == "a1b2c3d4");
    CHECK(*request.header("authorization") == "Bearer s3cret-0");
    if (request.method != "GET") continue;
    CHECK(*request.header("cache-control") == "no-cache");
    CHECK(request.query.starts_with("deadcalm="));
  }
}

TEST_CASE("http failures have their classes") {
  struct Row {
    const char* what;
    std::function<void(tests::CanaryApi&)> fault;
    Write write;
    model::ReadBack read_back;
  };
  const Row rows[] = {
      {"500", [](auto& api) { api.refuse_with = 500; }, Write::server, model::ReadBack::fail},
      {"writes 503, reads fine", [](auto& api) { api.refuse_writes_with = 503; }, Write::server,
       model::ReadBack::ok},
      {"401", [](auto& api) { api.wanted_auth = "Bearer other"; }, Write::auth, model::ReadBack::fail},
      {"422 on writes", [](auto& api) { api.refuse_writes_with = 422; }, Write::contract,
       model::ReadBack::ok},
      {"429", [](auto& api) { api.refuse_with = 429; }, Write::throttle, model::ReadBack::fail},
      {"a challenge",
       [](auto& api) {
         api.refuse_with = 403;
         api.content_type_when_refused = "text/html";
       },
       Write::throttle, model::ReadBack::fail},
      {"an error in a 200", [](auto& api) { api.error_body = true; }, Write::contract, model::ReadBack::fail},
      {"201 and not kept", [](auto& api) { api.rolls_back = true; }, Write::ok, model::ReadBack::lost},
      {"404 after it has worked", [](auto& api) { api.refuse_with = 404; }, Write::server,
       model::ReadBack::fail},
      {"a redirect", [](auto& api) { api.refuse_with = 302; }, Write::server, model::ReadBack::fail},
      {"a cache answers the truth read", [](auto& api) { api.caches = true; }, Write::ok,
       model::ReadBack::unknown},
      {"slow", [](auto& api) { api.write_takes = 1200ms; }, Write::ok, model::ReadBack::ok},
      {"never answers", [](auto& api) { api.write_takes = 5s; }, Write::net, model::ReadBack::ok},
  };
  for (const Row& row : rows) {
    Rig rig(kShort);
    rig.cycle();
    row.fault(rig.api);
    const auto look = rig.cycle();
    INFO(row.what << ": " << rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == row.write);
    CHECK(look.read_back == row.read_back);
    CHECK(look.slow == (std::string(row.what) == "slow"));
  }
}

TEST_CASE("a rotated secret is read again once in the same cycle") {
  std::string secret = "old-secret";
  config::Environment environment;
  Rig rig("resource: BASE/canaries\njson: { note: \"${canary.token}\" }\nauth: { bearer: \"${KEY}\" }\n");
  // The same with a file: decoded by hand, because the rig's environment has none.
  rig.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return secret; };
  probes::WritePath path;
  const std::string faults = tests::decode_yaml(
      "resource: " + rig.base +
          "/canaries\njson: { note: \"${canary.token}\" }\nauth: { bearer_file: /run/secrets/key }\n",
      rig.environment, [&](config::Reader& r) { path = probes::decode_write("http", r); });
  REQUIRE(faults == "");
  const probes::BackendDeps deps{rig.clock,       rig.client, rig.io.get_executor(),
                                 rig.environment, "a1b2c3d4", kKey};
  tests::MemoryLedger ledger;
  rig.probe = std::make_unique<probes::WriteProbe>(
      probes::WriteProbeOptions{"orders", "http", 2s, 100ms, 1s},
      probes::WriteProbeDeps{rig.clock, ledger, kKey, path.backend(deps), nullptr}, ledger.stream,
      ledger.all());
  rig.api.wanted_auth = "Bearer old-secret";
  CHECK(rig.cycle().write == Write::ok);
  secret = "new-secret";
  rig.api.wanted_auth = "Bearer new-secret";
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("http: a token of an endpoint is sent, and another asked for when it is refused") {
  int given = 0;
  auto answer = [&](server::Request) -> net::awaitable<server::Response> {
    co_return tests::CanaryApi::reply(
        200, "{\"access_token\":\"t" + std::to_string(++given) + "\",\"expires_in\":3600}");
  };
  Rig rig(kShort);
  server::HttpServer endpoint{rig.io.get_executor(), answer};
  const std::string url = "http://127.0.0.1:" + std::to_string(endpoint.start("127.0.0.1:0").value());
  rig.load("resource: BASE/canaries\njson: { note: \"${canary.token}\" }\nauth: { oauth2: { token_url: \"" +
           url + "\", client_id: deadcalm, client_secret: \"${KEY}\" } }\n");
  rig.api.wanted_auth = "Bearer t1";
  CHECK(rig.cycle().write == Write::ok);
  CHECK(rig.cycle().write == Write::ok);
  CHECK(given == 1);
  rig.api.wanted_auth = "Bearer t2";  // revoked before its end
  CHECK(rig.cycle().write == Write::ok);
  CHECK(given == 2);
  CHECK(rig.probe->backend().credential_expiry()->renews);
  tests::run_task(rig.io, endpoint.stop());
}

TEST_CASE("http, long form: the server assigns the ids, and find names what a crash left") {
  Rig rig(kAssigned);
  rig.api.assigns_ids = true;
  CHECK(rig.description.server_assigns_ids);
  CHECK(rig.cycle().write == Write::ok);
  CHECK(rig.cycle().sentinel == model::Sentinel::present);
  CHECK(rig.api.notes.size() == 1);

  // What a crash between request and answer leaves: a record on the ledger without its id.
  const auto lost = probes::make_canary(rig.ledger.stream.name, 90, rig.clock.now().wall, kKey);
  rig.api.notes["777"] = lost.token;
  auto records = rig.ledger.all();
  records.push_back(
      {rig.ledger.stream.name, 90, model::RecordState::reserved, lost.token, "", rig.clock.now().wall, {}});
  rig.ledger.records[90] = records.back();
  probes::WritePath path;
  std::string text = kAssigned;
  for (std::size_t at = text.find("BASE"); at != std::string::npos; at = text.find("BASE"))
    text.replace(at, 4, rig.base);
  REQUIRE(tests::decode_yaml(text, rig.environment,
                             [&](config::Reader& r) { path = probes::decode_write("http", r); }) == "");
  const probes::BackendDeps deps{rig.clock,       rig.client, rig.io.get_executor(),
                                 rig.environment, "a1b2c3d4", kKey};
  rig.probe = std::make_unique<probes::WriteProbe>(
      probes::WriteProbeOptions{"orders", "http", 2s, 100ms, 1s},
      probes::WriteProbeDeps{rig.clock, rig.ledger, kKey, path.backend(deps), nullptr}, rig.ledger.stream,
      records);
  CHECK(tests::run_task(rig.io, rig.probe->clean_up()) == 0);
  CHECK(rig.api.notes.size() == 1);
  CHECK_FALSE(rig.api.notes.contains("777"));
}

TEST_CASE("a delete that always says 204 is verified by reading") {
  Rig rig(kShort);
  rig.api.delete_always_204 = true;
  rig.cycle();
  rig.cycle();
  CHECK(rig.api.notes.size() == 1);
  CHECK(rig.ledger.records.size() == 1);
}

TEST_CASE("a dry run shows every request as it would be sent") {
  Rig rig(kShort);
  REQUIRE(rig.description.requests.size() == 3);
  CHECK(rig.description.requests[0].find("PUT http://127.0.0.1:") != std::string::npos);
  CHECK(rig.description.requests[0].find("{\"note\":\"dc1.a1b2c3d4-orders.7.") != std::string::npos);
  CHECK(rig.description.requests[2].find("DELETE ") != std::string::npos);
  CHECK(rig.api.seen.empty());
}

TEST_CASE("faults of the http keys, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;  // part of the text
  };
  const Row rows[] = {
      {"json: { note: \"${canary.token}\" }",
       "test.yaml:1:1: this step is missing; give `resource:` for the short form, or `plant:`"},
      {"resource: http://x.example.com/c",
       "the plant does not write ${canary.token}, so nothing could be read back; add `json: { note: "
       "\"${canary.token}\" }`"},
      {"resource: ftp://x.example.com/c\njson: { a: 1 }", "resource"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nbody: x", "body"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nheadrs: { a: b }", "did you mean \"headers\"?"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nread: { expect: { status: 700 } }",
       "not an HTTP status"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nread: { expect: { json: { $.*: 1 } } }",
       "wildcards are not supported"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nread: { expect: { json: { $.a: { equal: 1 } } } }",
       "unknown operator; did you mean \"equals\"?"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nread: { expect: { json: { $.a: { matches: \"(\" } "
       "} } }",
       "not a regular expression (RE2)"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nplant: { capture: { id: $.id } }",
       "the server assigns the id, so a crash between request and answer would leave a record nobody can "
       "name; add a `find:` step"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nauth: { }", "auth"},
      {"resource: http://x.example.com/c\njson: { a: \"${canary.tokn}\" }", "did you mean"},
      {"resource: http://x.example.com/c\njson: { a: 1 }", "the plant does not write ${canary.token}"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nread: { url: "
       "\"http://x.example.com/${step.id}\" }",
       "step.id"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nplant: { capture: { id: $.id, "
       "key: $.key } }",
       "unknown key"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nread_from: { type: postgress, dsn: x }",
       "unknown type \"postgress\" to read from; did you mean \"postgres\"?"},
      {"resource: http://x.example.com/c\njson: { a: 1 }\nread_from: { type: postgres, dsn: \"host=x\", "
       "query: select 1 }",
       "does not ask for one record; use $1"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nbudget: { canaries_a_day: 1000 }",
       "canaries_a_day: fewer than a look every 1m takes: 1503; give as many, or a longer `interval:`"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nsentinels: [1h, 1d]\nbudget: { "
       "live_records: 8 }",
       "live_records: fewer than there may be in an outage: 9"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nbudget: { a_day: 8 }",
       "unknown key"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nheaders: { X-A: \"a\\r\\nX-B: "
       "b\" }",
       "headers: X-A holds a line end or a control character"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nheaders: { \"X A\": b }",
       "headers: \"X A\" is no name of a header"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nread: { method: \"GET / HTTP\" }",
       "read.method: not a method of HTTP; GET, POST"},
      {"resource: http://169.254.169.254/c\njson: { n: \"${canary.token}\" }",
       "an address that gives secrets to this machine is never a target"},
      {"resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nallow_private: maybe",
       "allow_private"},
  };
  for (const Row& row : rows) {
    const std::string text =
        tests::decode_yaml(row.yaml, {}, [](config::Reader& r) { probes::decode_write("http", r); });
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}
