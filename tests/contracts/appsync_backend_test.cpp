// The appsync backend against the project's own AppSync stand-in, a process of its own: two versioned records
// updated in turn, conflicts, tombstones, and what each of its troubles is called.
#include <signal.h>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "probes/registry.h"
#include "probes/write_probe.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/node_server.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_backend.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Sentinel;
using model::Write;
namespace json = boost::json;

namespace {

const model::Secret kKey{"test-key"};

// One for the file; each test begins with an empty one.
tests::NodeServer& api() {
  static tests::NodeServer server("appsync", {{"API_KEY", "da2-s3cret"}});
  static const bool started = [] {
    server.start();
    return true;
  }();
  (void)started;
  return server;
}

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  tests::MemoryLedger ledger;
  probes::WritePath path;
  std::unique_ptr<probes::WriteProbe> probe;
  model::Observation last;

  explicit Rig(const std::string& more = "", const std::string& key = "da2-s3cret") {
    ledger.stream.name = "a1b2c3d4-orders";
    environment.variables["KEY"] = key;
    control(R"({"mode":"ok","wipe":true})");
    const std::string yaml = "url: " + api().url() +
                             "/graphql\nmodel: Canary\nfields: { note: canary, weight: 1 }\n" +
                             "auth: { api_key: \"${KEY}\" }\n" + more;
    const std::string faults = tests::decode_yaml(
        yaml, environment, [&](config::Reader& r) { path = probes::decode_write("appsync", r); });
    INFO(faults);
    REQUIRE(path.backend);
    boot();
  }
  ~Rig() { api().signal(SIGCONT); }
  void boot() {
    const probes::BackendDeps deps{clock, client, io.get_executor(), environment, "a1b2c3d4", kKey};
    probes::WriteProbeOptions options{"orders", "appsync", 2s, 100ms, 1s};
    options.keep = path.keep;
    probe = std::make_unique<probes::WriteProbe>(
        options, probes::WriteProbeDeps{clock, ledger, kKey, path.backend(deps), nullptr}, ledger.stream,
        ledger.all());
  }
  net::awaitable<int> cycle_task() {
    auto publish = [this](model::Observation o) { last = std::move(o); };
    co_await probe->run(publish);
    co_return 0;
  }
  model::WriteLook cycle() {
    tests::run_task(io, cycle_task());
    UNSCOPED_INFO(last.step << ": " << last.detail);
    return std::get<model::WriteLook>(last.look);
  }
  void settle_in() {
    for (int i = 0; i < 3; ++i) REQUIRE(cycle().write == Write::ok);
  }
  net::awaitable<std::string> ask_task(std::string url, std::string body) {
    runtime::HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.url = std::move(url);
    request.body = std::move(body);
    const auto answer = co_await client.fetch(std::move(request));
    co_return answer ? answer->body : "";
  }
  void control(const std::string& order) {
    const std::string answer = tests::run_task(io, ask_task(api().url() + "/_control", order));
    REQUIRE(answer == "{}");
  }
  json::array rows() {
    const std::string answer = tests::run_task(io, ask_task(api().url() + "/_state", ""));
    return json::parse(answer).at("rows").as_array();
  }
  std::size_t tombstones() {
    const json::array all = rows();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [](const json::value& row) { return row.at("_deleted") == true; }));
  }
};

}  // namespace

TEST_CASE("appsync: two records are made and then updated in turn; no tombstone is ever left") {
  Rig rig;
  CHECK(rig.path.keep == 2);
  for (int i = 0; i < 7; ++i) {
    const auto look = rig.cycle();
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
  }
  const json::array rows = rig.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("_version").as_int64() + rows[1].at("_version").as_int64() == 7);
  CHECK(rows[0].at("note") == "canary");
  CHECK(rows[0].at("weight") == 1);
  CHECK(rig.tombstones() == 0);
  CHECK(std::get<model::WriteLook>(rig.last.look).sentinel == Sentinel::present);
}

TEST_CASE("appsync: a version that somebody else moved is read again, once") {
  Rig rig;
  rig.settle_in();
  probes::Canary canary = probes::canary_of(rig.ledger.all().front());
  const probes::BackendDeps deps{rig.clock,       rig.client, rig.io.get_executor(),
                                 rig.environment, "a1b2c3d4", kKey};
  const auto backend = rig.path.backend(deps);
  const auto until = [&] { return rig.clock.now().steady + 2s; };
  CHECK(tests::run_task(rig.io, backend->read(canary, until())).found == probes::Found::yes);
  rig.control(R"({"bump":true})");  // after our read
  const auto update = tests::run_task(rig.io, backend->update(canary, until()));
  CHECK_FALSE(update.failure);
  CHECK_FALSE(update.absent);

  SECTION("a record that is not there is not made") {
    canary.record_id = "never-made";
    CHECK(tests::run_task(rig.io, backend->update(canary, until())).absent);
    CHECK(rig.rows().size() == 2);
  }
  SECTION("a delete leaves a tombstone, and that counts as gone") {
    const auto removed = tests::run_task(rig.io, backend->remove(canary, until()));
    CHECK(removed.removed == probes::Removed::yes);
    CHECK(rig.tombstones() == 1);
    const auto read = tests::run_task(rig.io, backend->read(canary, until()));
    CHECK(read.found == probes::Found::no);
    CHECK(read.identity_proved);
    CHECK(tests::run_task(rig.io, backend->remove(canary, until())).removed == probes::Removed::was_absent);
  }
  SECTION("a record of ours that holds nothing of ours is not removed") {
    canary.stream = "another-stream";
    const auto refused = tests::run_task(rig.io, backend->remove(canary, until()));
    REQUIRE(refused.failure);
    CHECK(refused.failure->detail.find("nothing of ours") != std::string::npos);
    CHECK(rig.tombstones() == 0);
  }
}

TEST_CASE("appsync: its troubles have their classes") {
  struct Row {
    const char* order;
    Write write;
    model::ReadBack read_back;
    Sentinel sentinel;
    bool gone = false;
  };
  const Row rows[] = {
      {R"({"mode":"unauthorized"})", Write::auth, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"http_401"})", Write::auth, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"http_403"})", Write::auth, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"http_404"})", Write::server, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"http_503"})", Write::server, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"throttled"})", Write::throttle, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"broken"})", Write::server, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"table_gone"})", Write::server, model::ReadBack::fail, Sentinel::missing, true},
      {R"({"mode":"black_hole"})", Write::net, model::ReadBack::fail, Sentinel::unknown},
      {R"({"mode":"unauthorized","refuse":"writes"})", Write::auth, model::ReadBack::ok, Sentinel::present},
      {R"({"mode":"broken","refuse":"writes"})", Write::server, model::ReadBack::ok, Sentinel::present},
      {R"({"mode":"forgets"})", Write::ok, model::ReadBack::lost, Sentinel::present},
      // Sent again by the HTTP client, as its connection was an old one; the conflict is with ourselves.
      {R"({"mode":"cuts_answers"})", Write::ok, model::ReadBack::ok, Sentinel::present},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.settle_in();
    rig.control(row.order);
    const auto look = rig.cycle();
    INFO(row.order << ": " << rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == row.write);
    CHECK(look.read_back == row.read_back);
    CHECK(look.sentinel == row.sentinel);
    CHECK(look.container_gone == row.gone);
    // Afterwards all is well again, with the same two records.
    rig.control(R"({"mode":"ok"})");
    if (row.write == Write::throttle) rig.boot();  // a probe that was not asked to wait
    CHECK(rig.cycle().write == Write::ok);
    CHECK(rig.cycle().sentinel == Sentinel::present);
    CHECK(rig.rows().size() == 2);
    CHECK(rig.ledger.records.size() == 2);
  }
}

TEST_CASE("appsync: a table restored empty is missing records; an old copy is a roll-back") {
  Rig rig;
  rig.settle_in();
  SECTION("empty") {
    rig.control(R"({"wipe":true})");
    CHECK(rig.cycle().sentinel == Sentinel::missing);
    CHECK(rig.rows().empty());
    REQUIRE(tests::run_task(rig.io, rig.probe->accept_generation()));
    CHECK(rig.cycle().write == Write::ok);
  }
  SECTION("an old copy") {
    rig.control(R"({"save":true})");
    for (int i = 0; i < 4; ++i) rig.cycle();
    rig.control(R"({"restore":true})");
    CHECK(rig.cycle().sentinel == Sentinel::reset);
    CHECK(rig.last.detail.find("rolled back by") != std::string::npos);
  }
}

TEST_CASE("appsync: a key that expired, a server that is killed, one that stands still") {
  Rig rig;
  rig.settle_in();
  SECTION("another key") {
    Rig wrong("", "da2-expired");
    CHECK(wrong.cycle().write == Write::auth);
    CHECK(wrong.ledger.records.empty());
  }
  SECTION("stands still") {
    api().signal(SIGSTOP);
    const auto look = rig.cycle();
    CHECK(look.write == Write::net);
    CHECK(look.read_back == model::ReadBack::fail);
    api().signal(SIGCONT);
    CHECK(rig.cycle().sentinel == Sentinel::present);
  }
  SECTION("killed, and started again with an empty store") {
    api().kill();
    CHECK(rig.cycle().write == Write::net);
    api().start();
    CHECK(rig.cycle().sentinel == Sentinel::missing);
  }
}

TEST_CASE("appsync: keep: 0 plants and removes, at the price of a tombstone a cycle") {
  Rig rig("keep: 0\n");
  CHECK(rig.path.keep == 0);
  for (int i = 0; i < 3; ++i) CHECK(rig.cycle().write == Write::ok);
  CHECK(rig.rows().size() == 3);
  CHECK(rig.tombstones() == 2);
  CHECK(tests::run_task(rig.io, rig.probe->drop_all()) == 0);
  CHECK(rig.tombstones() == 3);
}

TEST_CASE("appsync: faults of its keys, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;  // part of the text
  };
  const Row rows[] = {
      {"model: Canary", "url"},
      {"url: https://x.example.com/graphql", "model"},
      {"url: https://x.example.com/graphql\nmodel: \"Canary { id }\"", "not a name of GraphQL"},
      {"url: https://x.example.com/graphql\nmodel: Canary\nfield: a-b", "not a name of GraphQL"},
      {"url: https://x.example.com/graphql\nmodel: Canary\nfields: [ a ]", "must be a map"},
      {"url: https://x.example.com/graphql\nmodel: Canary\nkeep: 11", "keep"},
      {"url: https://x.example.com/graphql\nmodel: Canary\nsentinels: [ 1h ]", "do not grow old"},
      {"url: https://x.example.com/graphql\nmodel: Canary\nclient: 5", "did you mean \"clients\"?"},
  };
  for (const Row& row : rows) {
    const std::string text =
        tests::decode_yaml(row.yaml, {}, [](config::Reader& r) { probes::decode_write("appsync", r); });
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}

TEST_CASE("appsync: a dry run shows what would be sent") {
  Rig rig;
  const auto canary = probes::make_canary("a1b2c3d4-orders", 7, rig.clock.now().wall, kKey);
  const auto description = rig.probe->backend().describe(canary);
  REQUIRE(description.requests.size() == 4);
  CHECK(description.requests[2].find("mutation Deadcalm($input: UpdateCanaryInput!) { updateCanary(input: "
                                     "$input) { id token _version _deleted _lastChangedAt } }") !=
        std::string::npos);
  CHECK(description.requests[2].find("\"_version\":1") != std::string::npos);
}
