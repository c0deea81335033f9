// The traffic sources against real HTTP servers in this process: what is a count, and what is none. The
// promise of every source: no number is unknown with a reason, never 0.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "model/duration.h"
#include "probes/registry.h"
#include "probes/traffic/prometheus_source.h"
#include "server/http_server.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

const model::WallTime kNow = model::from_unix_millis(1'788'134'400'000);  // 2026-08-31T00:00:00Z

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  std::string secret = "s3cret";
  std::string wanted = "Bearer s3cret";
  std::string body;
  int status = 200;
  bool hangs = false;
  std::vector<server::Request> seen;
  server::HttpServer server{io.get_executor(), [this](server::Request r) { return answer(std::move(r)); }};
  std::uint16_t port = server.start("127.0.0.1:0").value();
  probes::TrafficPath path;
  std::unique_ptr<probes::CountSource> source;

  Rig(const std::string& type, const std::string& keys) {
    environment.read_file = [this](const std::string&) -> model::Result<std::string> { return secret; };
    const std::string faults = tests::decode_yaml(
        "url: \"http://127.0.0.1:" + std::to_string(port) + keys +
            "auth: { bearer_file: /run/secrets/key }\n",
        environment, [&](config::Reader& r) { path = probes::decode_traffic(type, r, 60s); });
    INFO(faults);
    REQUIRE(faults.empty());
    const probes::BackendDeps deps{clock,       client,     io.get_executor(),
                                   environment, "a1b2c3d4", model::Secret("not used")};
    source = path.source(deps);
  }
  ~Rig() { tests::run_task(io, server.stop()); }

  net::awaitable<server::Response> answer(server::Request request) {
    seen.push_back(request);
    if (hangs) co_await clock.sleep_for(3s);
    server::Response response;
    const std::string* auth = request.header("authorization");
    if (auth == nullptr || *auth != wanted) {
      response.status = 401;
      response.body = R"({"error":"who are you"})";
    } else {
      response.status = status;
      response.body = body;
    }
    response.content_type = "application/json";
    co_return response;
  }
  probes::Counted count(model::Millis window = 300s, model::Millis timeout = 2s) {
    const probes::CountWindow question{kNow - window, window};
    return tests::run_task(io, source->count(question, clock.now().steady + timeout));
  }
};

const char* const kPrometheus =
    "\"\nquery: \"sum(increase(orders_committed_total{canary=''}[${window}]))\"\n";
const char* const kStats = "/stats?since=${since}&window=${window}\"\nvalue: $.orders.committed\n";

std::string vector_of(const std::string& elements) {
  return R"({"status":"success","data":{"resultType":"vector","result":[)" + elements + "]}}";
}
std::string element(const std::string& value) {
  return R"({"metric":{},"value":[1788134400.1,")" + value + "\"]}";
}

struct Bad {
  const char* what;
  int status;
  std::string body;
  std::string reason;  // a part of it
};

void is_unknown(Rig& rig, const Bad& bad) {
  rig.status = bad.status;
  rig.body = bad.body;
  const auto counted = rig.count();
  INFO(bad.what);
  REQUIRE_FALSE(counted);
  CHECK_THAT(counted.error(), Catch::Contains(bad.reason));
}

}  // namespace

TEST_CASE("prometheus: one number, of a vector of one or of a scalar") {
  Rig rig("prometheus", kPrometheus);
  rig.body = vector_of(element("84.5"));
  CHECK(rig.count() == 84.5);
  rig.body = R"({"status":"success","data":{"resultType":"scalar","result":[1788134400.1,"12"]}})";
  CHECK(rig.count(61s) == 12);
  rig.body = vector_of(element("0"));
  CHECK(rig.count() == 0);
  REQUIRE(rig.seen.size() == 3);
  CHECK(rig.seen[1].path == "/api/v1/query");
  CHECK(rig.seen[1].query_value("query") == "sum(increase(orders_committed_total{canary=''}[61s]))");
  CHECK(rig.seen[1].query_value("time").empty());
  CHECK(*rig.seen[1].header("user-agent") == "deadcalm/" DEADCALM_VERSION);
  CHECK(*rig.seen[1].header("deadcalm-canary") == "a1b2c3d4");
}

TEST_CASE("prometheus: what is no count is unknown, with the reason") {
  Rig rig("prometheus", kPrometheus);
  const Bad rows[] = {
      {"empty vector", 200, vector_of(""),
       "no series: does the metric exist, and is it scraped twice within 300s"},
      {"two series", 200, vector_of(element("1") + ',' + element("2")),
       "2 series instead of one: add them up"},
      {"NaN", 200, vector_of(element("NaN")), "NaN is no count"},
      {"infinity", 200, vector_of(element("+Inf")), "+Inf is no count"},
      {"negative", 200, vector_of(element("-3")), "-3 is negative"},
      {"text", 200, vector_of(element("many")), "\"many\" is no number"},
      {"a string result", 200, R"({"status":"success","data":{"resultType":"string","result":[1,"12"]}})",
       "a string instead of one number"},
      {"a matrix", 200, R"({"status":"success","data":{"resultType":"matrix","result":[]}})",
       "a matrix instead of one number"},
      {"its own error", 400, R"({"status":"error","errorType":"bad_data","error":"parse error: unclosed"})",
       "HTTP 400: parse error: unclosed"},
      {"500", 500, "oops", "HTTP 500"},
      {"garbage", 200, "<html>", "not JSON"},
      {"another JSON", 200, R"({"ok":true})", "not one of Prometheus"},
      {"a broken sample", 200, vector_of(R"({"metric":{},"value":[1]})"), "instead of one number"},
  };
  for (const Bad& bad : rows) is_unknown(rig, bad);
}

TEST_CASE("prometheus: history is one range query, an hour a step; holes stay holes") {
  Rig rig("prometheus", kPrometheus);
  rig.body = R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[)"
             R"([1788130800,"60"],[1788134400,"NaN"]]}]}})";
  const auto hours =
      tests::run_task(rig.io, rig.source->history(kNow + 20min, 24h * 28, rig.clock.now().steady + 2s));
  REQUIRE(hours);
  REQUIRE(hours->size() == 1);
  CHECK((*hours)[0].begins == kNow - 2h);
  CHECK((*hours)[0].commits == 60);
  REQUIRE(rig.seen.size() == 1);
  CHECK(rig.seen[0].path == "/api/v1/query_range");
  CHECK(rig.seen[0].query_value("step") == "3600");
  CHECK(rig.seen[0].query_value("end") == "1788134400");
  CHECK(rig.seen[0].query_value("start") == std::to_string(1788134400 - 28 * 86400 + 3600));
  CHECK(rig.seen[0].query_value("query") == "sum(increase(orders_committed_total{canary=''}[3600s]))");
  rig.status = 422;
  rig.body = R"({"status":"error","error":"too many points"})";
  const auto refused = tests::run_task(rig.io, rig.source->history(kNow, 24h, rig.clock.now().steady + 2s));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == "HTTP 422: too many points");
}

TEST_CASE("http: the number at a place of the answer") {
  Rig rig("http", kStats);
  rig.body = R"({"orders":{"committed":17}})";
  CHECK(rig.count(90s) == 17);
  CHECK(rig.seen[0].query_value("since") == "2026-08-30T23:58:30Z");
  CHECK(rig.seen[0].query_value("window") == "90s");
  const auto description = rig.source->describe({kNow, 90s});
  CHECK_THAT(description, Catch::Contains("since=2026-08-31T00%3A00%3A00Z&window=90s"));
  CHECK_THAT(description, !Catch::Contains("s3cret"));
}

TEST_CASE("http: what is no count is unknown, with the reason") {
  Rig rig("http", kStats);
  const Bad rows[] = {
      {"nothing there", 200, R"({"orders":{}})", "nothing at $.orders.committed"},
      {"text", 200, R"({"orders":{"committed":"17"}})", "at $.orders.committed: \"17\" is no number"},
      {"null", 200, R"({"orders":{"committed":null}})", "null is no number"},
      {"negative", 200, R"({"orders":{"committed":-1}})", "-1 is negative"},
      {"too large", 200, R"({"orders":{"committed":1e999}})", ""},
      {"garbage", 200, "<html>", "not JSON"},
      {"500", 500, "oops", "HTTP 500"},
      {"204", 204, "", "not JSON"},
      {"a redirect", 302, "", "HTTP 302"},
  };
  for (const Bad& bad : rows) is_unknown(rig, bad);
}

TEST_CASE("sources over http: refused, rotated, too late, gone") {
  for (const char* type : {"prometheus", "http"}) {
    INFO(type);
    Rig rig(type, type == std::string("http") ? kStats : kPrometheus);
    rig.body = type == std::string("http") ? R"({"orders":{"committed":3}})" : vector_of(element("3"));
    rig.wanted = "Bearer rotated";
    auto counted = rig.count();
    REQUIRE_FALSE(counted);
    CHECK_THAT(counted.error(), Catch::Contains("HTTP 401"));
    rig.secret = "rotated";  // the file is read again, and the question asked once more
    CHECK(rig.count() == 3);

    rig.hangs = true;
    counted = rig.count(300s, 200ms);
    REQUIRE_FALSE(counted);
    CHECK_THAT(counted.error(), Catch::Contains("no answer within 200 ms"));
    tests::run_task(rig.io, rig.server.stop());
    counted = rig.count();
    REQUIRE_FALSE(counted);
    CHECK_THAT(counted.error(), Catch::Contains("refused"));
  }
}

TEST_CASE("sources: faults of their keys, each with a way to mend it") {
  struct Row {
    const char *type, *yaml, *fault;
  };
  const Row rows[] = {
      {"prometheus", "url: http://prom:9090\nquery: \"sum(increase(x[${since}]))\"\n", "since"},
      {"prometheus", "url: http://prom:9090\nquery: \"sum(increase(x[${window}] offset 5m))\"\n",
       "an offset counts commits from before the window; leave it out"},
      {"prometheus", "url: http://prom:9090\nquery: \"sum(increase(x[${window}]))\"\nwindow: 30s\n",
       "the window (30s) must not be shorter than the interval (1m)"},
      {"prometheus", "query: \"sum(increase(x[${window}]))\"\n", "url"},
      {"sql", "dsn: x\nquery: \"select count(*) from o where at > '${since}'\"\n",
       "${since} and ${window} are values already; leave out the quotes around them"},
      {"sql", "dsn: x\nquery: \"select count(*) from o where at > ${since} and shop = $1\"\n",
       "has a parameter of its own"},
      {"sql", "query: \"select count(*) from o where at > ${since}\"\n", "dsn"},
      {"http", "url: http://api/stats\nvalue: $.n\n",
       "must count since the first failed write only; use ${window} or ${since}"},
      {"http", "url: \"http://api/stats?w=${window}\"\nvalue: $.n[*]\n", "slices, filters and wildcards"},
      {"http", "url: \"http://api/stats?w=${window}\"\n", "value"},
      {"http", "url: \"http://api/stats?w=${window}\"\nvalue: $.n\nvalu: $.m\n", "valu"},
  };
  for (const Row& row : rows) {
    INFO(row.yaml);
    const std::string faults = tests::decode_yaml(row.yaml, config::Environment{}, [&](config::Reader& r) {
      probes::decode_traffic(row.type, r, 60s);
    });
    CHECK_THAT(faults, Catch::Contains(row.fault));
  }
}
