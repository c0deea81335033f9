// The exact words of every page. A change here is a change of what people read at night.
#include <catch2/catch.hpp>

#include "alerting/page_text.h"

using namespace deadcalm;
using namespace deadcalm::alerting;
using namespace std::chrono_literals;
using model::Verdict;

namespace {

// 02:14:00 UTC
const model::WallTime kSince = model::from_unix_millis(1'795'400'040'000);
const model::WallTime kNow = kSince + 3min;

Incident about(Verdict verdict) {
  Incident i;
  i.subject = {false, "orders"};
  i.verdict = verdict;
  i.alarm = model::Alarm::page;
  i.severity = model::Severity::critical;
  i.opened_at = kNow;
  model::Evidence& e = i.evidence;
  e.since = kSince;
  e.tries = 5;
  e.detail = "connection refused api.example.com:443";
  e.last_good = kSince - 8s;
  e.signals.write = model::Write::net;
  e.signals.read_back = model::ReadBack::fail;
  return i;
}

std::string trigger(const Incident& i, Occasion occasion = Occasion::opened) {
  const PageFacts facts{i, "fra1", "", kNow};
  return one_line(trigger_text(facts, occasion));
}

Incident own(const std::string& name) {
  Incident i = about(Verdict::unknown);
  i.subject = {true, name};
  return i;
}

}  // namespace

TEST_CASE("page text: masked_outage") {
  Incident i = about(Verdict::masked_outage);
  i.masked = model::Masked::yes;
  i.evidence.client_status = 200;
  i.evidence.client_cache = model::CacheClass::cache_fresh;
  i.evidence.cache_evidence = "X-Cache: HIT";
  i.evidence.client_data_age = 4min;
  i.evidence.beacon_clients = 52;
  i.evidence.beacon_on_cache = 41;
  i.evidence.beacon_dropped = 17;
  i.evidence.beacon_waiting = 63;
  CHECK(
      trigger(i) ==
      "orders: SAVING IS DOWN, apps still look fine (cache). No write accepted since 02:14:00 UTC (3 min, 5 "
      "tries: connection refused api.example.com:443). Clients: 200 from cache (X-Cache: HIT), data 4 min "
      "old; 41 of 52 apps on cache, 17 writes dropped, 63 waiting. Last good write 02:13:52 UTC. FIRST: do "
      "the API and the database still exist? Tell nobody to log out, clear or reinstall: unsent data is on "
      "their devices.");
  i.evidence.container_gone = true;
  CHECK_THAT(trigger(i), Catch::Contains("The table or container itself does not exist any more: deleted?"));
}

TEST_CASE("page text: backend_outage") {
  CHECK(trigger(about(Verdict::backend_outage)) ==
        "orders: SAVING IS DOWN, clients' view not known yet. No write accepted since 02:14:00 UTC (3 min, 5 "
        "tries: connection refused api.example.com:443). Last good write 02:13:52 UTC. FIRST: do the API and "
        "the database still exist? Tell nobody to log out, clear or reinstall: unsent data is on their "
        "devices.");
}

TEST_CASE("page text: visible_outage") {
  Incident i = about(Verdict::visible_outage);
  i.evidence.signals.client = model::Client::fail;
  SECTION("everything") {
    CHECK(
        trigger(i) ==
        "orders: DOWN, clients see errors. No write accepted since 02:14:00 UTC (3 min, 5 tries: connection "
        "refused api.example.com:443). Clients: no answer. Last good write 02:13:52 UTC. FIRST: do the API "
        "and the database still exist? What was deployed or deleted last?");
  }
  SECTION("the clients' path only") {
    i.evidence.signals.write = model::Write::ok;
    i.evidence.client_status = 502;
    i.evidence.detail = "502";
    CHECK(trigger(i) ==
          "orders: DOWN, clients see errors. Clients fail since 02:14:00 UTC (3 min, 5 tries: 502). Writes "
          "work, "
          "the front end does not. Clients: 502. Last good write 02:13:52 UTC. FIRST: the CDN, DNS, "
          "certificate, "
          "or the last release of the front end?");
  }
  SECTION("returning visitors on their cache") {
    i.masked = model::Masked::yes;
    CHECK_THAT(trigger(i), Catch::Contains("Many see no error, they are served from a cache"));
  }
}

TEST_CASE("page text: read_only") {
  Incident i = about(Verdict::read_only);
  i.evidence.detail = "25006 cannot execute INSERT in a read-only transaction";
  i.evidence.step = "plant";
  CHECK(trigger(i) ==
        "orders: SAVING IS REFUSED, reading works. Writes are refused since 02:14:00 UTC (3 min, 5 tries: "
        "25006 "
        "cannot execute INSERT in a read-only transaction at \"plant\"). Last good write 02:13:52 UTC. "
        "FIRST: a "
        "failover? a full disk? maintenance mode left on?");
}

TEST_CASE("page text: auth_broken") {
  Incident i = about(Verdict::auth_broken);
  i.evidence.detail = "401";
  i.evidence.view_measured = false;
  CHECK(trigger(i) ==
        "orders: OUR WRITES ARE REFUSED (401/403). Writes are refused since 02:14:00 UTC (3 min, 5 tries: "
        "401). "
        "Clients: not measured, no view is configured. Last good write 02:13:52 UTC. FIRST: was a key or a "
        "policy rotated? Is it only ours, or every client's?");
}

TEST_CASE("page text: data_loss") {
  Incident i = about(Verdict::data_loss);
  i.evidence.signals.write = model::Write::ok;
  i.evidence.signals.client = model::Client::ok;
  i.evidence.signals.sentinel = model::Sentinel::missing;
  i.evidence.rungs_expected = i.evidence.rungs_missing = 3;
  SECTION("all of them") {
    CHECK(
        trigger(i) ==
        "orders: RECORDS ARE GONE though everything answers. 3 of 3 sentinels missing, first missed 02:14:00 "
        "UTC (3 min ago), confirmed by a second read. It looks recreated empty. Pages and new writes work, "
        "so "
        "other checks are green. FIRST: stop clean-up jobs, migrations and client re-sync, take a snapshot "
        "of "
        "what is there, then restore. Does not clear itself: deadcalm sentinels accept orders.");
  }
  SECTION("a backup was restored") {
    i.evidence.signals.sentinel = model::Sentinel::reset;
    CHECK_THAT(trigger(i), Catch::Contains("gone though everything answers", Catch::CaseSensitive::No) &&
                               Catch::Contains("It looks restored from an old backup."));
  }
  SECTION("what survived bounds the loss") {
    i.evidence.rungs_missing = 2;
    i.evidence.newest_surviving = model::from_unix_millis(1'789'602'000'000);
    i.evidence.oldest_missing = model::from_unix_millis(1'789'602'600'000);
    CHECK_THAT(
        trigger(i),
        Catch::Contains("Newest surviving record 2026-09-16 23:40, oldest missing 2026-09-16 23:50 UTC: "
                        "everything written in between or later is gone."));
  }
  SECTION("a sentinel was altered") {
    i.evidence.signals.sentinel = model::Sentinel::reset;
    i.evidence.rungs_missing = 0;
    i.evidence.altered = true;
    CHECK_THAT(trigger(i), Catch::Contains("A sentinel holds something else than was written"));
  }
  SECTION("one rung: a notice") {
    i.alarm = model::Alarm::notify;
    i.evidence.rungs_missing = 1;
    CHECK(trigger(i) ==
          "orders: 1 of 3 test records is gone: a clean-up job? 1 of 3 sentinels missing, first missed "
          "02:14:00 "
          "UTC (3 min ago), confirmed by a second read. FIRST: which job deletes old records, and may it? "
          "Then: "
          "deadcalm sentinels accept orders.");
  }
  SECTION("an acknowledged write was not kept") {
    i.evidence.signals.sentinel = model::Sentinel::present;
    i.evidence.rungs_expected = i.evidence.rungs_missing = 0;
    CHECK_THAT(trigger(i), Catch::Contains("A write that was acknowledged is gone, first missed"));
  }
}

TEST_CASE("page text: stale_clients") {
  Incident i = about(Verdict::stale_clients);
  i.evidence.signals.write = model::Write::ok;
  i.evidence.client_status = 200;
  i.evidence.client_cache = model::CacheClass::cache_stale;
  i.evidence.cache_evidence = "Age: 660";
  i.evidence.client_data_age = 11min;
  i.evidence.stale_limit = 4min;
  CHECK(
      trigger(i) ==
      "orders: backend OK, clients do not get new data. Writes are verified, the newest data that clients "
      "see "
      "is 11 min old (limit 4 min), since 02:14:00 UTC (3 min). Clients: 200 from cache (Age: 660), data 11 "
      "min old. FIRST: purge the CDN path; check the sync service; which release do the apps run?");
}

TEST_CASE("page text: disputed") {
  Incident i = about(Verdict::disputed);
  i.alarm = model::Alarm::notify;
  i.evidence.tries = 12;
  i.evidence.detail = "403";
  i.evidence.step = "plant";
  i.evidence.signals.traffic = model::Traffic::active;
  i.evidence.traffic_observed = 84;
  CHECK(
      trigger(i) ==
      "orders: our test write fails, customers' writes go through. Likely our probe: failing since 02:14:00 "
      "UTC "
      "(3 min, 12 tries: 403 at \"plant\"). In the same time 84 real writes were committed. Last good write "
      "02:13:52 UTC. Pages if it lasts, or at once when real writes stop. FIRST: the canary's credential, "
      "the "
      "last deploy, a changed API, a firewall?");
  // What customers do is not claimed when nobody counted it.
  i.evidence.signals.traffic = model::Traffic::unknown;
  CHECK_THAT(trigger(i), Catch::StartsWith("orders: our test write fails, customers' writes are not known. "
                                           "Our probe, or everybody's writes: failing since"));
}

TEST_CASE("page text: degraded") {
  Incident i = about(Verdict::degraded);
  i.evidence.detail = "";
  SECTION("reading back") {
    CHECK(trigger(i) ==
          "orders: writes accepted, READING BACK FAILS. Since 02:14:00 UTC (3 min, 5 tries). FIRST: the read "
          "path "
          "or a replica?");
  }
  i.evidence.signals.read_back = model::ReadBack::ok;
  i.evidence.signals.write = model::Write::throttle;
  SECTION("throttled") {
    CHECK_THAT(trigger(i), Catch::StartsWith("orders: writes are THROTTLED. Since 02:14:00 UTC"));
  }
  SECTION("slow") {
    i.evidence.slow = true;
    i.evidence.cycle_time = 6s;
    CHECK_THAT(trigger(i), Catch::StartsWith("orders: writes work, but SLOWLY. A verified cycle took 6 s."));
  }
  SECTION("edge") {
    i.evidence.signals.write = model::Write::ok;
    i.evidence.signals.cache = model::Cache::on_error;
    CHECK_THAT(trigger(i), Catch::StartsWith(
                               "orders: writes work, the edge serves old copies because its origin fails."));
  }
}

TEST_CASE("page text: suspect_silence") {
  Incident i = about(Verdict::suspect_silence);
  i.evidence.traffic_expected = 9.21;
  CHECK(trigger(i) ==
        "orders: unusually quiet. Expected 9 writes by customers, saw none since 02:14:00 UTC; the chance of "
        "that "
        "by luck is 1 in 9997. Last good write 02:13:52 UTC. FIRST: a holiday, a campaign that ended, or "
        "something "
        "before the write (login, front end, app release)?");
  i.evidence.traffic_expected = 900;
  CHECK_THAT(trigger(i), Catch::Contains("1 in more than a million"));
}

TEST_CASE("page text: our own incidents never read as if a service had failed") {
  Incident blind = own("blind");
  blind.verdict = Verdict::monitor_blind;
  blind.evidence.detail = "0 of 3 anchors answer";
  CHECK(trigger(blind) ==
        "deadcalm fra1 CANNOT SEE; says nothing about your services. Since 02:14:00 UTC (3 min): 0 of 3 "
        "anchors "
        "answer. Open incidents stay open, new ones cannot be found. FIRST: if you can read this, pages get "
        "out: "
        "suspect egress rules or DNS of the deadcalm host.");
  Incident unknown = own("unknown/orders");
  unknown.evidence.detail = "token endpoint does not answer";
  CHECK(trigger(unknown) ==
        "deadcalm fra1 CANNOT TELL whether orders works. Since 02:14:00 UTC (3 min): token endpoint does not "
        "answer. orders may be fine, or down. FIRST: is the probe itself in trouble (credential server, file "
        "descriptors, DNS of the deadcalm host)? deadcalm probe orders shows every step.");
  CHECK_THAT(trigger(own("clone/orders")),
             Catch::StartsWith("deadcalm fra1: a second deadcalm writes the canaries of orders. A canary"));
  Incident ending = own("credential/orders");
  ending.evidence.probe = "write-graphql";
  ending.evidence.detail = "2026-09-16T02:14:00Z";
  CHECK(
      trigger(ending) ==
      "deadcalm fra1: the credential for the test writes of orders ENDS SOON. write-graphql shows the "
      "backend a "
      "token that ends 2026-09-16T02:14:00Z. After that its writes are refused, and nobody can tell whether "
      "orders works. FIRST: replace it where the configuration takes it from; a new file is read without a "
      "restart.");
  Incident channel = own("channel/slack-ops");
  channel.evidence.detail = "404: no_service";
  CHECK(trigger(channel) ==
        "deadcalm fra1: pages to slack-ops DO NOT GET THROUGH. Last answer: 404: no_service. Its pages went "
        "to the "
        "other channels. FIRST: mend the channel, then prove it: deadcalm page-test.");
  Incident store = own("store");
  store.evidence.detail = "disk full";
  CHECK_THAT(trigger(store),
             Catch::StartsWith("deadcalm fra1 CANNOT WRITE ITS STORE. Since 02:14:00 UTC (3 min): "
                               "disk full. Pages still go out, but may come twice."));
}

TEST_CASE("page text: set-up notice and its end") {
  Incident i = own("setup/orders/write-http");
  i.evidence.probe = "write-http";
  i.evidence.detail = "404";
  i.evidence.step = "plant";
  CHECK(trigger(i) ==
        "orders: not watched yet, its first test write fails. write-http: 404 at \"plant\". This is a "
        "notice: nobody "
        "is paged before it has worked once. FIRST: check address, credential and rights; deadcalm probe "
        "orders "
        "shows every step.");
  i.open = false;
  i.resolved_at = kNow;
  const PageFacts facts{i, "fra1", "", kNow};
  CHECK(one_line(resolve_text(facts)) == "orders: watched from now on, its first test write was verified.");
}

TEST_CASE("page text: the end, an acknowledgement, an update, a test") {
  Incident i = about(Verdict::masked_outage);
  const PageFacts facts{i, "fra1", "API → postgres", kNow};
  SECTION("resolve") {
    i.open = false;
    i.resolved_at = kSince + 6min;
    CHECK(one_line(resolve_text(facts)) ==
          "orders: RESOLVED after 6 min. It was: SAVING IS DOWN, apps still look fine (cache). From 02:14:00 "
          "UTC to "
          "02:20:00 UTC.");
  }
  SECTION("resolve by a person") {
    i.open = false;
    i.resolved_at = kSince + 6min;
    i.resolved_by = "on-call";
    i.reopen_at = kSince + 36min;
    CHECK_THAT(one_line(resolve_text(facts)),
               Catch::EndsWith("Closed by on-call, not by a measurement. If it is "
                               "still bad at 02:50:00 UTC, it pages again."));
  }
  SECTION("resolve of our own") {
    Incident blind = own("blind");
    blind.resolved_at = kSince + 6min;
    const PageFacts about_us{blind, "fra1", "", kNow};
    CHECK(resolve_text(about_us).title ==
          "deadcalm fra1: RESOLVED after 6 min. It was: CANNOT SEE; says nothing about your services");
  }
  SECTION("acknowledge") {
    i.acked_by = "on-call";
    i.ack_until = kNow + 30min;
    CHECK(one_line(acknowledge_text(facts)) ==
          "orders: acknowledged by on-call. It is about: SAVING IS DOWN, apps still look fine (cache). If it "
          "is still "
          "bad at 02:47:00 UTC, it pages again.");
  }
  SECTION("update") {
    CHECK_THAT(one_line(update_text(facts)),
               Catch::StartsWith("orders: SAVING IS DOWN") &&
                   Catch::Contains("An update to what you were told, no new outage."));
  }
  SECTION("test") {
    CHECK(one_line(test_text("orders", "on-call", "fra1", kNow)) ==
          "deadcalm fra1: TEST PAGE, nothing is wrong with orders. Asked for by on-call at 02:17:00 UTC. If "
          "you can "
          "read this, a real page of orders reaches you here.");
  }
  SECTION("late") {
    CHECK(over_since(trigger_text(facts, Occasion::opened), "orders", kSince + 6min).title ==
          "orders: over since 02:20:00 UTC. Late page: SAVING IS DOWN, apps still look fine (cache)");
  }
  SECTION("fields") {
    const std::vector<Field> expected{{"Truth", "connection refused api.example.com:443"},
                                      {"Since", "2026-11-23T02:14:00Z"},
                                      {"Last good", "2026-11-23T02:13:52Z"},
                                      {"Seen from", "fra1"},
                                      {"Proved path", "API → postgres"}};
    CHECK(trigger_text(facts, Occasion::opened).fields == expected);
  }
}

TEST_CASE("the first 70 characters stand alone, and no machine's word does") {
  for (std::size_t v = 0; v < model::Names<Verdict>::values.size(); ++v) {
    const Incident i = about(static_cast<Verdict>(v));
    const std::string text = trigger(i);
    const std::string screen = text.substr(0, 70);
    INFO(screen);
    CHECK_THAT(screen, Catch::StartsWith("orders: "));
    CHECK(headline(i, "fra1").size() <= 60);
    if (model::name(i.verdict).find('_') != std::string_view::npos) {
      CHECK_THAT(text, !Catch::Contains(std::string(model::name(i.verdict))));
    }
    CHECK_THAT(text, !Catch::Contains("row "));
  }
}

TEST_CASE("a text is cut between characters, and a page fits every channel") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcd", 3) == "ab…");
  CHECK(shortened("üüüü", 3) == "üü…");
  CHECK(shortened("", 0).empty());
  Incident i = about(Verdict::masked_outage);
  for (int n = 0; n < 1000; ++n) i.evidence.detail += "ü";
  const PageFacts facts{i, "fra1", "", kNow};
  const PageText page = trigger_text(facts, Occasion::repeated);
  CHECK(one_line(page).size() < 4000);
  CHECK_THAT(page.body.back(), Catch::Contains("does not go quiet"));
}

TEST_CASE("page text: a service of checks alone says nothing of writes and clients") {
  Incident i = about(Verdict::visible_outage);
  i.evidence.truth_measured = false;
  i.evidence.checks_only = true;
  i.evidence.last_good.reset();
  i.evidence.signals.write = model::Write::unknown;
  i.evidence.signals.client = model::Client::fail;
  i.evidence.probe = "nightly-backup";
  i.evidence.step = "heartbeat";
  i.evidence.detail = "nothing since 2026-11-22 02:00 UTC";
  CHECK(
      trigger(i) ==
      "orders: DOWN, its checks fail. nightly-backup fails since 02:14:00 UTC (3 min, 5 tries: nothing since "
      "2026-11-22 02:00 UTC at \"heartbeat\"). FIRST: what the check names; what was deployed, changed or "
      "let "
      "expire last?");
  SECTION("beside writes that work") {
    i.evidence.truth_measured = true;
    i.evidence.signals.write = model::Write::ok;
    CHECK(trigger(i).starts_with("orders: a check FAILS, writes work. nightly-backup fails since "));
  }
  SECTION("not yet armed") {
    Incident setup = own("setup/orders");
    setup.evidence.truth_measured = false;
    CHECK(trigger(setup).find("orders: not watched yet, its first look fails.") != std::string::npos);
  }
}
