#include <catch2/catch.hpp>

#include "probes/known/http_record.h"
#include "probes/known/sql_record.h"
#include "probes/registry.h"
#include "tests/probes/write_bench.h"
#include "tests/support/decode_yaml.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Sentinel;
using probes::KnownAnswer;
using probes::KnownState;
using tests::WriteBench;

namespace {

// What the test says it sees.
class Told final : public probes::KnownRecord {
 public:
  Told(KnownAnswer& answer, int& looks, std::string name = "select 1")
      : answer_(answer), looks_(looks), name_(std::move(name)) {}
  net::awaitable<KnownAnswer> look(model::SteadyTime) override {
    ++looks_;
    co_return answer_;
  }
  std::string describe() const override { return name_; }

 private:
  KnownAnswer& answer_;
  int& looks_;
  std::string name_;
};

const KnownAnswer kGood{KnownState::good, "", true};
const KnownAnswer kGone{KnownState::gone, "select count(*) is 12, expected at least 100", true};

struct KnownBench : WriteBench {
  KnownAnswer answer = kGood;
  int looks = 0;
  KnownBench() {
    add_known = [this](probes::WriteProbeDeps& deps) {
      deps.known.push_back(std::make_unique<Told>(answer, looks));
    };
    restart();
  }
};

probes::known::SqlRecordOptions sql(const std::string& yaml) {
  probes::known::SqlRecordOptions options;
  const std::string faults = tests::decode_yaml(
      "dsn: host=x\n" + yaml, {}, [&](config::Reader& r) { options = probes::known::decode_sql_record(r); });
  INFO(faults);
  REQUIRE(faults.empty());
  return options;
}

}  // namespace

TEST_CASE("a known record that is gone is data loss, critical by itself, and looked at again in each cycle") {
  KnownBench b;
  CHECK(b.cycle().sentinel != Sentinel::missing);
  CHECK(b.ledger.stream.known_good == std::vector<std::string>{"select 1"});
  CHECK(b.looks == 1);
  b.clock.advance(60s);
  b.cycle();
  CHECK(b.looks == 1);  // every ten minutes
  b.answer = kGone;
  b.clock.advance(10min);
  for (int i = 0; i < 3; ++i) {
    const auto look = b.cycle();
    CHECK(look.sentinel == Sentinel::missing);
    CHECK(look.newest_rung_missing);
    CHECK(look.rungs_missing == 1);
    CHECK(look.rungs_expected == 2);
    CHECK(b.last.step == "known record");
    CHECK(b.last.detail == kGone.detail);
    CHECK(b.looks == 2 + i);
    b.clock.advance(30s);
  }
  b.answer = kGood;  // put back
  CHECK(b.cycle().sentinel == Sentinel::present);
}

TEST_CASE("a restart in mid-loss does not take the loss for the normal state") {
  KnownBench b;
  b.cycle();
  b.answer = kGone;
  b.restart();
  CHECK(b.cycle().sentinel == Sentinel::missing);
}

TEST_CASE("a known record counts once it was seen good, and again after a person accepted that it is gone") {
  KnownBench b;
  b.answer = kGone;
  auto look = b.cycle();
  CHECK(look.sentinel != Sentinel::missing);
  CHECK(look.rungs_expected == 0);
  CHECK(b.last.detail == kGone.detail + "; it counts once it was seen good");
  b.answer = kGood;
  b.clock.advance(10min);
  b.cycle();
  b.answer = kGone;
  b.clock.advance(10min);
  CHECK(b.cycle().sentinel == Sentinel::missing);
  REQUIRE(b.wait(b.probe->accept_generation()));
  CHECK(b.ledger.stream.known_good.empty());
  CHECK(b.cycle().sentinel == Sentinel::present);
  b.restart();
  CHECK(b.cycle().sentinel == Sentinel::present);
}

TEST_CASE("nobody who can say is no loss; hidden from a session that has not shown who it is neither") {
  KnownBench b;
  b.cycle();
  b.answer = {KnownState::unknown, "select 1: connection refused", false};
  b.clock.advance(10min);
  CHECK(b.cycle().sentinel == Sentinel::present);
  CHECK(b.last.detail == "select 1: connection refused");
  b.answer = {KnownState::gone, "GET /x: HTTP 404", false};
  b.world.plant_fails = tests::kRefused;
  b.world.read_fails = tests::kRefused;
  CHECK(b.cycle().sentinel == Sentinel::unknown);
  b.world.plant_fails.reset();
  b.world.read_fails.reset();
  CHECK(b.cycle().sentinel == Sentinel::missing);  // this time the canary was read back
}

TEST_CASE("what the rows of a known record say") {
  using probes::known::judge_rows;
  const auto count = sql("query: |\n  select count(*)\n  from orders;\nexpect: { ge: 100 }");
  CHECK(count.query == "select count(*) from orders");
  CHECK(judge_rows({{"100"}}, count).state == KnownState::good);
  const auto few = judge_rows({{"12"}}, count);
  CHECK(few.state == KnownState::gone);
  CHECK_THAT(few.detail, Catch::StartsWith("select count(*) from orders is 12"));
  CHECK(judge_rows({}, count).detail == "select count(*) from orders: no row");
  const auto name = sql("query: select name from tenants where id = 1\nexpect: ACME");
  CHECK(judge_rows({{"ACME", "more"}}, name).state == KnownState::good);
  CHECK(judge_rows({{"acme"}}, name).state == KnownState::gone);
  CHECK(judge_rows({{""}}, name).state == KnownState::gone);
  CHECK(judge_rows({{"anything"}}, sql("query: select 1")).state == KnownState::good);
}

TEST_CASE("what an answer over HTTP says of a known record") {
  probes::known::HttpRecordOptions options;
  REQUIRE(tests::decode_yaml("url: https://api.example.com/tenants/1\nexpect: { json: { $.name: ACME } }", {},
                             [&](config::Reader& r) { options = probes::known::decode_http_record(r); })
              .empty());
  const auto judged = [&](int status, std::string body, runtime::Headers headers = {}) {
    runtime::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = std::move(headers);
    return judge_answer(answer, options);
  };
  CHECK(judged(200, R"({"name":"ACME"})").state == KnownState::good);
  CHECK(judged(200, R"({"name":"other"})").state == KnownState::gone);
  CHECK(judged(200, "{}").state == KnownState::gone);
  CHECK(judged(404, "").state == KnownState::gone);
  CHECK(judged(410, "").state == KnownState::gone);
  for (const int status : {301, 401, 403, 429, 500, 503})
    CHECK(judged(status, "").state == KnownState::unknown);
  CHECK(judged(200, R"({"name":"other"})", {{"x-cache", "HIT"}}).state == KnownState::unknown);
}

TEST_CASE("faults of known records, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;
  };
  const Row rows[] = {
      {"{ type: sqll, dsn: host=x, query: select 1 }",
       "known_record.type: unknown type \"sqll\" of a known record; did you mean \"sql\"?"},
      {"{ type: sql, query: select 1 }", "dsn"},
      {"{ type: sql, dsn: host=x }", "query"},
      {"{ type: sql, dsn: host=x, query: \"select $1\" }", "has a parameter, and there is nothing to put in"},
      {"{ type: sql, dsn: host=x, query: select 1, at_least: 3 }", "unknown key"},
      {"{ type: sql, dsn: host=x, query: select 1, expect: { atleast: 3 } }", "unknown operator"},
      {"{ type: http, url: ftp://x }", "must start with"},
      {"{ type: http, url: \"http://x/${canary.id}\" }", "canary.id"},
  };
  for (const Row& row : rows) {
    const std::string text = tests::decode_yaml(
        "resource: http://x.example.com/c\njson: { n: \"${canary.token}\" }\nknown_record: " +
            std::string(row.yaml),
        {}, [](config::Reader& r) { probes::decode_write("http", r); });
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}
