// The proof: each fault of the table in docs/semantics.md on a real nginx, a real PostgreSQL and a small
// API, with what the ordinary checks said beside it.
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/integration/lab.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Verdict;
using tests::Lab;

namespace {

// The promise of the lab's policy is 1 s + 2 x 600 ms + 600 ms = 2.8 s; the rest is a busy machine's.
constexpr model::Millis kPromised{2'800};
constexpr model::Millis kSlack{2'000};

void report(Lab& lab, const char* fault, model::Millis took) {
  std::cout << "  " << fault << ": " << model::name(lab.verdict()) << ", paged after " << took.count()
            << " ms; GET through the CDN " << lab.cdn_get() << ", GET /health " << lab.honest_get() << '\n';
}

}  // namespace

TEST_CASE("(a) nothing is wrong: healthy, and nobody is told") {
  Lab lab;
  lab.pass(3min);
  CHECK(lab.verdict() == Verdict::healthy);
  CHECK(lab.cdn_get() == 200);
  CHECK(lab.receiver.got.empty());
  CHECK(lab.own_records() <= 2);
  lab.tell(model::CommandKind::sentinels_drop);
  CHECK(lab.leaves_at_most(0));
}

TEST_CASE("(b) DROP TABLE behind a cache that names itself: masked outage at once") {
  Lab lab;
  Lab::postgres().sql("alter table canaries rename to canaries_away");
  const auto took = lab.expect_outage(Verdict::masked_outage, Verdict::masked_outage);
  CHECK(took <= kPromised + kSlack);
  report(lab, "(b) DROP TABLE", took);
  Lab::postgres().sql("alter table canaries_away rename to canaries");
  lab.expect_one_resolve();
}

TEST_CASE("(b) the same without a cache header: backend outage, masked once the data is old") {
  tests::LabOptions options;
  options.cache_names_itself = false;
  Lab lab(options);
  Lab::postgres().sql("alter table canaries rename to canaries_away");
  const auto took = lab.expect_outage(Verdict::backend_outage, Verdict::masked_outage);
  CHECK(took <= kPromised + kSlack);
  report(lab, "(b) DROP TABLE, silent cache", took);
  Lab::postgres().sql("alter table canaries_away rename to canaries");
  lab.expect_one_resolve();
}

TEST_CASE("(b) with read_from: the container is gone, that is data loss") {
  tests::LabOptions options;
  options.read_from = true;
  Lab lab(options);
  Lab::postgres().sql("alter table canaries rename to canaries_away");
  const auto took = lab.expect_outage(Verdict::data_loss, Verdict::data_loss);
  report(lab, "(b) DROP TABLE, read_from", took);
  Lab::postgres().sql("alter table canaries_away rename to canaries");
  lab.tell(model::CommandKind::sentinels_accept);
  lab.expect_one_resolve();
}

TEST_CASE("(b') DROP TABLE under the postgres write probe: data loss, container gone") {
  tests::LabOptions options;
  options.write = "postgres";
  Lab lab(options);
  Lab::postgres().sql("alter table deadcalm.canaries rename to canaries_away");
  const auto took = lab.expect_outage(Verdict::data_loss, Verdict::data_loss);
  report(lab, "(b') DROP TABLE, postgres probe", took);
  CHECK(lab.transitions.back().evidence.container_gone);
  Lab::postgres().sql("alter table deadcalm.canaries_away rename to canaries");
  lab.tell(model::CommandKind::sentinels_accept);
  lab.expect_one_resolve();
}

TEST_CASE("(c) PostgreSQL killed") {
  Lab lab;
  Lab::postgres().kill();
  const auto took = lab.expect_outage(Verdict::masked_outage, Verdict::masked_outage);
  CHECK(took <= kPromised + kSlack);
  report(lab, "(c) PostgreSQL killed", took);
  Lab::postgres().start();
  lab.expect_one_resolve();
}

TEST_CASE("(d) the API killed") {
  Lab lab;
  lab.stop_api();
  const auto took = lab.expect_outage(Verdict::masked_outage, Verdict::masked_outage);
  CHECK(took <= kPromised + kSlack);
  report(lab, "(d) API killed", took);
  lab.api.start();
  lab.expect_one_resolve();
}

TEST_CASE("(b)-(d) behind Varnish and its grace") {
  tests::LabOptions options;
  options.varnish = true;
  Lab lab(options);
  SECTION("DROP TABLE") {
    Lab::postgres().sql("alter table canaries rename to canaries_away");
    report(lab, "(b) Varnish", lab.expect_outage(Verdict::backend_outage, Verdict::masked_outage));
    Lab::postgres().sql("alter table canaries_away rename to canaries");
  }
  SECTION("PostgreSQL killed") {
    Lab::postgres().kill();
    report(lab, "(c) Varnish", lab.expect_outage(Verdict::backend_outage, Verdict::masked_outage));
    Lab::postgres().start();
  }
  SECTION("API killed") {
    lab.stop_api();
    report(lab, "(d) Varnish", lab.expect_outage(Verdict::backend_outage, Verdict::masked_outage));
    lab.api.start();
  }
  lab.expect_one_resolve();
}

TEST_CASE("(e) the database turns read-only") {
  Lab lab;
  Lab::postgres().sql("alter system set default_transaction_read_only = on");
  Lab::postgres().sql("select pg_reload_conf()");
  report(lab, "(e) read-only", lab.expect_outage(Verdict::read_only, Verdict::read_only));
  Lab::postgres().sql("alter system reset default_transaction_read_only");
  Lab::postgres().sql("select pg_reload_conf()");
  lab.expect_one_resolve();
}

TEST_CASE("(f) the probe's key is revoked") {
  Lab lab;
  lab.api.key = "another key";
  report(lab, "(f) key revoked", lab.expect_outage(Verdict::auth_broken, Verdict::auth_broken));
  lab.api.key = "the-canary-key";
  lab.expect_one_resolve();
}

TEST_CASE("(f) the probe's key is revoked while customers write on: disputed, a notice") {
  tests::LabOptions options;
  options.traffic = true;
  options.for_duration = "3s";  // traffic needs a second or two to be counted after the first failed write
  Lab lab(options);
  CHECK(lab.until([&] { return lab.service().signals.traffic == model::Traffic::active; }));
  lab.api.key = "another key";
  CHECK(lab.reaches(Verdict::disputed));
  lab.pass(5s);
  CHECK(lab.verdict() == Verdict::disputed);
  CHECK(lab.receiver.pages() == 0);  // the page after fifteen minutes is shown on the fake clock
  CHECK(lab.receiver.count("trigger") == 1);
  CHECK(lab.transitions.back().evidence.traffic_observed >= 3);
  report(lab, "(f) key revoked, customers write on", 0ms);
  lab.api.key = "the-canary-key";
  lab.expect_one_resolve();
}

TEST_CASE("(f) the API's database role is revoked") {
  Lab lab;
  Lab::postgres().sql("revoke all on canaries from api; alter table canaries owner to postgres");
  report(lab, "(f) role revoked", lab.expect_outage(Verdict::masked_outage, Verdict::masked_outage));
  Lab::postgres().sql("alter table canaries owner to api; grant all on canaries to api");
  lab.expect_one_resolve();
}

TEST_CASE("(g) the table is recreated empty: data loss until a person accepts") {
  Lab lab;
  Lab::postgres().sql("create table backup as select * from canaries; truncate canaries");
  report(lab, "(g) recreated empty", lab.expect_outage(Verdict::data_loss, Verdict::data_loss));
  lab.pass(6s);
  CHECK(lab.verdict() == Verdict::data_loss);
  Lab::postgres().sql("insert into canaries select * from backup on conflict do nothing; drop table backup");
  lab.pass(3s);
  CHECK(lab.verdict() == Verdict::data_loss);
  lab.tell(model::CommandKind::sentinels_accept);
  lab.expect_one_resolve();
}

TEST_CASE("(j) a deploy breaks writing with 422: disputed, told as a notice first") {
  Lab lab;
  lab.api.break_writes_with = 422;
  CHECK(lab.reaches(Verdict::disputed));
  lab.pass(2s);
  CHECK(lab.receiver.pages() == 0);  // the page after five minutes is shown on the fake clock
  CHECK(lab.receiver.count("trigger") == 1);
  CHECK(lab.cdn_get() == 200);
  report(lab, "(j) POST broken", 0ms);
  lab.api.break_writes_with = 0;
  lab.expect_one_resolve();
}

TEST_CASE(
    "(j) a deploy breaks writing for everybody: disputed, and a page at once, since traffic is silent") {
  tests::LabOptions options;
  options.traffic = true;
  Lab lab(options);
  CHECK(lab.until([&] { return lab.service().signals.traffic == model::Traffic::active; }));
  lab.api.break_writes_with = 422;
  const auto started = std::chrono::steady_clock::now();
  CHECK(lab.until([&] { return lab.receiver.pages() > 0; }, 30s));
  const auto took = std::chrono::duration_cast<model::Millis>(std::chrono::steady_clock::now() - started);
  CHECK(lab.verdict() == Verdict::disputed);
  CHECK(lab.service().signals.traffic == model::Traffic::silent);
  CHECK(lab.cdn_get() == 200);
  lab.pass(3s);
  CHECK(lab.receiver.pages() == 1);
  report(lab, "(j) POST broken for everybody", took);
  lab.api.break_writes_with = 0;
  lab.expect_one_resolve();
}

TEST_CASE("(k) 200 with an error inside is the contract broken") {
  Lab lab;
  lab.api.error_in_200 = true;
  CHECK(lab.reaches(Verdict::disputed));
  CHECK(lab.cdn_get() == 200);
  report(lab, "(k) error in a 200", 0ms);
  lab.api.error_in_200 = false;
  lab.expect_one_resolve();
}

TEST_CASE("(k) 201 and rolled back: acknowledged, not kept") {
  Lab lab;
  lab.api.rolls_back = true;
  report(lab, "(k) 201, rolled back", lab.expect_outage(Verdict::data_loss, Verdict::data_loss));
  lab.api.rolls_back = false;
  lab.tell(model::CommandKind::sentinels_accept);
  lab.expect_one_resolve();
}

TEST_CASE("(l) writes are slow: degraded, told as a notice") {
  Lab lab;
  lab.api.write_takes = 400ms;
  CHECK(lab.reaches(Verdict::degraded));
  lab.pass(2s);
  CHECK(lab.receiver.pages() == 0);
  CHECK(lab.cdn_get() == 200);
  report(lab, "(l) slow writes", 0ms);
  lab.api.write_takes = 0ms;
  lab.expect_one_resolve();
}

TEST_CASE("(l) the API accepts and never answers") {
  Lab lab;
  lab.api.hangs = true;
  const auto took = lab.expect_outage(Verdict::masked_outage, Verdict::masked_outage);
  CHECK(took <= kPromised + kSlack);
  std::cout << "  (l) never answers: " << model::name(lab.verdict()) << ", paged after " << took.count()
            << " ms\n";
  lab.api.hangs = false;
  lab.stop_api();  // the connections that hang
  lab.api.start();
  lab.expect_one_resolve();
}

TEST_CASE("(m) the CDN is stuck on an old copy while the API is fine") {
  Lab lab;
  lab.nginx->get_stuck();
  CHECK(lab.until([&] { return lab.receiver.pages() > 0; }, 60s));
  CHECK(lab.verdict() == Verdict::stale_clients);
  CHECK(lab.cdn_get() == 200);
  report(lab, "(m) CDN stuck", 0ms);
  lab.nginx->work_again();
  lab.expect_one_resolve();
}

TEST_CASE("(h) our own network is cut: no word about the service, one about ourselves") {
  Lab lab;
  lab.stop_anchor();
  lab.stop_api();
  CHECK(lab.until([&] { return lab.receiver.count("trigger", true) == 1; }));
  CHECK(lab.receiver.pages() == 0);
  CHECK(lab.verdict() == Verdict::monitor_blind);
  lab.pass(3s);
  CHECK(lab.receiver.pages() == 0);
  lab.api.start();
  lab.start_anchor();
  CHECK(lab.until([&] { return lab.receiver.count("resolve", true) == 1; }));
  CHECK(lab.reaches(Verdict::healthy));
  CHECK(lab.receiver.pages() == 0);
}

TEST_CASE("(i) small disturbances page nobody") {
  tests::LabOptions options;
  options.for_duration = "1m";  // the default, against a shorter recheck
  Lab lab(options);
  SECTION("one failed write") {
    lab.api.fail_next_writes = 1;
    lab.pass(4s);
  }
  SECTION("thirty seconds of restarts with 502s") {
    lab.api.break_writes_with = 502;
    lab.pass(30s);
    lab.api.break_writes_with = 0;
    lab.pass(3s);
  }
  SECTION("a burst of 429") {
    lab.api.break_writes_with = 429;
    lab.pass(5s);
    lab.api.break_writes_with = 0;
    lab.pass(3s);
  }
  SECTION("an ingress answers 404 for twenty seconds") {
    lab.api.break_writes_with = 404;
    lab.pass(20s);
    lab.api.break_writes_with = 0;
    lab.pass(3s);
  }
  for (const auto& r : lab.receiver.got) UNSCOPED_INFO(r.type << ' ' << r.alarm << ' ' << r.title);
  CHECK(lab.receiver.pages() == 0);
  CHECK(lab.reaches(Verdict::healthy));
}

TEST_CASE("a restart in the middle of an incident: no second page, and the resolve still comes") {
  Lab lab;
  lab.stop_api();
  lab.expect_outage(Verdict::masked_outage, Verdict::masked_outage);
  lab.shut_down();
  lab.boot();
  lab.pass(5s);
  CHECK(lab.receiver.pages() == 1);
  lab.api.start();
  lab.expect_one_resolve();
}
