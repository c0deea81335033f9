// The loop over scripted backends and views, on the fake clock: due -> look -> evaluate -> commit.
#include "tests/monitor/site.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Verdict;
using tests::Site;

TEST_CASE("three quiet minutes: armed, healthy, nothing to page") {
  Site site;
  site.run(3min);
  CHECK(site.verdict() == Verdict::healthy);
  REQUIRE(site.transitions.size() == 1);
  CHECK(site.transitions[0].reason == model::Reason::first_proof);
  CHECK(site.monitor->status().services[0].writes[0].looks >= 2);
  CHECK(site.monitor->status().services[0].writes[0].leftovers == 0);
}

TEST_CASE("the founding case: the backend is gone, clients look fine, one page within the promise") {
  Site site;
  site.run(5min);
  site.world.plant_fails = probes::StepFailure{model::Write::net, "connection refused", false, false, false};
  site.world.read_fails = site.world.plant_fails;
  const model::SteadyTime gone = site.clock.now().steady;
  site.transitions.clear();
  site.run(130s);
  REQUIRE(site.transitions.size() >= 1);
  const model::Transition& page = site.transitions[0];
  CHECK(page.to == Verdict::masked_outage);
  CHECK(page.alarm == model::Alarm::page);
  CHECK(page.severity == model::Severity::critical);
  CHECK(page.at.steady - gone <= 130s);
  CHECK(page.evidence.detail == "connection refused");
  site.run(10min);
  int pages = 0;
  for (const auto& t : site.transitions)
    pages += t.alarm == model::Alarm::page && t.reason == model::Reason::confirmed ? 1 : 0;
  CHECK(pages == 1);
  CHECK(site.pokes > 0);

  SECTION("a restart in the middle neither forgets it nor tells it again") {
    site.transitions.clear();
    site.shut_down();
    site.boot();
    site.run(5min);
    CHECK(site.verdict() == Verdict::masked_outage);
    for (const auto& t : site.transitions) CHECK(t.reason != model::Reason::confirmed);
  }
  SECTION("recovery is confirmed slowly and told once") {
    site.world.plant_fails.reset();
    site.world.read_fails.reset();
    site.transitions.clear();
    site.run(15min);
    CHECK(site.verdict() == Verdict::healthy);
    REQUIRE(site.transitions.size() == 1);
    CHECK(site.transitions[0].reason == model::Reason::recovered);
  }
}

TEST_CASE("a cache that does not name itself: masked as soon as the data clients see is old") {
  Site site;
  site.shut_down();
  site.cache_when_down = model::CacheClass::unknown;
  site.boot();
  site.run(10min);
  // Every plant ends in an unknown fate and nothing can be removed: after three of them no more are made,
  // which must not be mistaken for our having stopped to write.
  site.world.plant_fails = probes::StepFailure{model::Write::server, "HTTP 500", true, false, false};
  site.world.read_fails = site.world.remove_fails = site.world.plant_fails;
  site.transitions.clear();
  site.run(130s);
  REQUIRE(site.transitions.size() >= 1);
  site.run(10min);
  CHECK(site.verdict() == Verdict::masked_outage);
  int pages = 0;
  for (const auto& t : site.transitions) {
    pages += t.reason == model::Reason::confirmed || t.reason == model::Reason::alarm_rose ? 1 : 0;
  }
  CHECK(pages == 1);  // the label changed, the page did not come again
}

TEST_CASE("so many looks at once and no more: the others wait for their turn, and none is lost") {
  Site site;
  site.shut_down();
  site.max_in_flight = 1;
  site.interval = 10s;
  site.boot();
  site.run(2min);
  CHECK(site.verdict() == Verdict::healthy);
  site.world.plant_takes = 9s;  // slow, and hardly ever out of the view's way
  std::size_t most_waiting = 0, most = 0;
  const auto looks = [&] {
    const auto service = site.monitor->status().services[0];
    return std::pair{service.writes[0].looks, service.views[0].looks};
  };
  const auto before = looks();
  for (int i = 0; i < 1200; ++i) {
    site.run(500ms);
    most = std::max(most, site.monitor->status().looks_in_flight);
    most_waiting = std::max(most_waiting, site.monitor->status().looks_waiting);
  }
  CHECK(most == 1);
  CHECK(most_waiting >= 1);
  CHECK(looks().first - before.first >= 50);
  CHECK(looks().second - before.second >= 9);
}

TEST_CASE("a regular look that a recheck stood in for is not late") {
  Site site;
  site.shut_down();
  site.interval = 1s;  // rechecks are ten times as rare
  site.boot();
  site.run(1min);
  site.starts.clear();
  site.world.plant_fails = probes::StepFailure{model::Write::net, "connection refused", false, false, false};
  site.run(5s);
  site.world.plant_fails.reset();
  site.run(1min);
  CHECK(site.verdict() == Verdict::healthy);
  CHECK(std::ranges::max(site.starts) <= 50ms);
  CHECK_FALSE(site.monitor->status().services[0].blind);
}

TEST_CASE("a store that cannot be written loses no transition") {
  Site site;
  site.run(5min);
  site.transitions.clear();
  site.world.plant_fails = probes::StepFailure{model::Write::net, "connection refused", false, false, false};
  site.world.read_fails = site.world.plant_fails;
  site.run(100s);  // suspected; the confirmation falls into the time without a disk
  site.memory->fail_commits = model::Error{model::ErrorKind::unavailable, "disk full"};
  site.run(60s);
  CHECK_FALSE(site.monitor->status().store_ok);
  site.memory->fail_commits.reset();
  site.run(5s);
  CHECK(site.monitor->status().store_ok);
  site.run(120s);
  const auto inbox = site.memory->inbox_after(0, 1000).value();
  CHECK(inbox.size() == site.transitions.size() + 1);  // and the first proof
}

TEST_CASE("paused writes plant nothing and judge nothing") {
  Site site;
  site.run(3min);
  site.tell(model::CommandKind::pause_writes);
  site.run(2s);
  const int plants = site.world.plants;
  site.run(10min);
  CHECK(site.world.plants == plants);
  CHECK(site.monitor->status().services[0].writes[0].paused);
  CHECK(site.verdict() != Verdict::healthy);
  SECTION("also after a restart") {
    site.shut_down();
    site.boot();
    site.run(5min);
    CHECK(site.world.plants == plants);
  }
  site.tell(model::CommandKind::resume_writes);
  site.run(10min);
  CHECK(site.world.plants > plants);
  CHECK(site.verdict() == Verdict::healthy);
}

TEST_CASE("data loss stays until a person accepts the new generation") {
  Site site;
  site.run(5min);
  site.world.records.clear();
  site.run(5min);
  CHECK(site.verdict() == Verdict::data_loss);
  site.run(30min);
  CHECK(site.verdict() == Verdict::data_loss);
  site.tell(model::CommandKind::sentinels_accept);
  site.run(15min);
  CHECK(site.verdict() == Verdict::healthy);
}

TEST_CASE("leaving takes everything along and stops writing") {
  Site site;
  site.run(5min);
  CHECK(site.world.records.size() == 1);
  site.tell(model::CommandKind::sentinels_drop);
  site.run(5s);
  CHECK(site.world.records.empty());
  site.run(5min);
  CHECK(site.world.records.empty());
  CHECK(site.memory->records().value().empty());
}

TEST_CASE("how late each look starts is told, once a look, and not for what is no look") {
  Site site;
  site.run(1min);
  site.starts.clear();
  site.run(1min);
  REQUIRE(site.starts.size() == 2);  // a write and a view; commands are polled far more often
  CHECK(site.starts[0] == 0ms);
  site.starts.clear();
  site.clock.step_steady(90s);  // the machine slept: both are past their slots
  site.run(100ms);
  REQUIRE(site.starts.size() == 2);
  CHECK(site.starts[0] >= 30s);
  CHECK(site.starts[0] <= 90s);
}

TEST_CASE("history goes when it is old enough and both have read it, without a command ever given") {
  Site site;
  site.retention = 30min;
  site.shut_down();
  site.boot();
  site.run(2min);
  REQUIRE(site.memory->inbox_after(0, 10)->size() == 1);  // the first proof
  site.run(45min);
  CHECK(site.memory->inbox_after(0, 10)->size() == 1);  // alerting has not read it
  store::Batch read;
  read.cursors = {{"alerting", site.memory->inbox_after(0, 10)->front().id}};
  REQUIRE(site.memory->commit(read));
  site.run(11min);
  CHECK(site.memory->inbox_after(0, 10)->empty());
  CHECK(site.memory->cursor("monitor").value() > 0);
}

TEST_CASE("looks at a write are counted a day: an outage is one failure, our own fault none") {
  Site site;
  site.run(30min);
  const auto counts = [&] {
    const auto saved = site.memory->documents(monitor::kLookCounts).value();
    REQUIRE(saved.size() == 1);
    CHECK(saved[0].key == "orders/write");
    return monitor::look_counts_from_json(saved[0].text).value();
  };
  const auto before = counts().days.back();
  CHECK(before.looks >= 18);
  CHECK(before.failed == 0);
  site.world.plant_fails = probes::StepFailure{model::Write::net, "connection refused", false, false, false};
  site.run(12min);
  site.world.plant_fails =
      probes::StepFailure{model::Write::unknown, "out of descriptors", false, false, false};
  site.run(12min);
  site.world.plant_fails.reset();
  site.run(30min);
  CHECK(counts().days.back().failed == 1);
  CHECK(counts().days.back().looks > before.looks + 18);
  const auto kept = counts();
  site.shut_down();
  site.boot();
  site.run(15min);
  CHECK(counts().began == kept.began);
  CHECK(counts().days.back().looks > kept.days.back().looks);
}
