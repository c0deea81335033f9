// Who else writes, counted by the loop on the fake clock: the window lies after the first failed write, what
// is usual is learnt and kept, and a source that cannot be asked holds nothing up.
#include "monitor/traffic_json.h"
#include "tests/monitor/site.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Verdict;
using tests::Site;

namespace {

const probes::StepFailure kRefused{model::Write::auth, "HTTP 401", false, false, false};
const probes::StepFailure kBroken{model::Write::contract, "HTTP 422", false, false, false};
const probes::StepFailure kGone{model::Write::net, "connection refused", false, false, false};

const model::Transition* first_page(const Site& site) {
  for (const model::Transition& t : site.transitions) {
    if (t.alarm == model::Alarm::page) return &t;
  }
  return nullptr;
}

}  // namespace

TEST_CASE(
    "(f) the probe's key is revoked while customers write on: a notice, and a page after fifteen minutes") {
  Site site(true);
  site.run(5min);
  CHECK(site.traffic().traffic == model::Traffic::active);
  CHECK(site.traffic().observed == Approx(5));
  site.customers_commit(600);
  site.world.plant_fails = kRefused;
  const model::Instant revoked = site.clock.now();
  site.customers.asked.clear();
  site.transitions.clear();
  site.run(15min);
  REQUIRE_FALSE(site.transitions.empty());
  CHECK(site.transitions[0].to == Verdict::disputed);
  CHECK(site.transitions[0].alarm == model::Alarm::notify);
  CHECK(site.transitions[0].evidence.traffic_observed >= 3);
  CHECK(site.verdict() == Verdict::disputed);
  CHECK(first_page(site) == nullptr);
  site.run(1min + 10s);
  REQUIRE(first_page(site) != nullptr);
  CHECK(first_page(site)->to == Verdict::disputed);
  CHECK(first_page(site)->at.steady - revoked.steady >= 15min);

  // Once our write had failed, no question reached back to before that.
  REQUIRE(site.customers.asked.size() > 60);  // with every recheck, ten seconds apart
  for (const auto& question : site.customers.asked) {
    if (question.window < 5min) CHECK(question.since >= revoked.wall);
  }
}

TEST_CASE("(j) a deploy breaks writing and nobody writes any more: a page at once") {
  Site site(true);
  for (probes::CountedHour& hour : site.customers.past) hour.commits = 600;
  site.customers_commit(600);
  site.run(5min);
  site.transitions.clear();
  site.customers_commit(0);
  site.world.plant_fails = kBroken;
  const model::Instant broken = site.clock.now();
  site.run(3min);
  REQUIRE(first_page(site) != nullptr);
  CHECK(first_page(site)->to == Verdict::disputed);
  CHECK(first_page(site)->evidence.signals.traffic == model::Traffic::silent);
  CHECK(first_page(site)->at.steady - broken.steady <= 3min);  // five with traffic unknown
}

TEST_CASE("customers who wrote until it broke do not hold a page up") {
  for (const bool source_dies_too : {false, true}) {
    Site site(true);
    site.customers_commit(3600);
    site.run(5min);
    CHECK(site.traffic().traffic == model::Traffic::active);
    site.customers_commit(0);
    site.world.plant_fails = site.world.read_fails = kGone;
    if (source_dies_too) site.customers.fails = "connection refused 127.0.0.1:9090";
    const model::Instant gone = site.clock.now();
    site.transitions.clear();
    site.run(130s);
    INFO(source_dies_too);
    REQUIRE(first_page(site) != nullptr);
    CHECK(first_page(site)->to == Verdict::masked_outage);
    CHECK(first_page(site)->at.steady - gone.steady <= 130s);
  }
}

TEST_CASE("silence is told with what was expected and since when; life ends it") {
  Site site(true);
  site.run(5min);
  const model::WallTime stopped = site.clock.now().wall;
  site.customers_commit(0);
  site.transitions.clear();
  site.run(25min);
  REQUIRE(site.transitions.size() == 1);
  const model::Transition& told = site.transitions[0];
  CHECK(told.to == Verdict::suspect_silence);
  CHECK(told.alarm == model::Alarm::notify);
  CHECK(told.evidence.traffic_observed == 0);
  CHECK(told.evidence.traffic_expected >= 13);  // ln(8760 * 60)
  CHECK(std::chrono::abs(told.evidence.since - stopped) <= 1min);
  CHECK(site.traffic().surprise >= 13);
  site.customers_commit(60);
  site.run(8min);
  CHECK(site.verdict() == Verdict::healthy);
}

TEST_CASE("a source that cannot be asked is unknown with its reason, never silence") {
  Site site(true);
  site.run(5min);
  site.customers_commit(0);
  site.customers.fails = "HTTP 401: who are you";
  site.transitions.clear();
  site.run(40min);
  CHECK(site.transitions.empty());
  CHECK(site.verdict() == Verdict::healthy);
  const model::TrafficStatus traffic = site.traffic();
  CHECK(traffic.traffic == model::Traffic::unknown);
  CHECK_FALSE(traffic.observed);
  CHECK(traffic.detail == "HTTP 401: who are you");
  CHECK(traffic.unknown >= 39);
}

TEST_CASE("what is usual survives a restart, and its past is asked for once") {
  Site site(true);
  site.run(6min);
  CHECK(site.customers.histories == 1);
  const auto saved = site.memory->documents("traffic").value();
  REQUIRE(saved.size() == 1);
  CHECK(saved[0].key == "orders");
  const auto history = monitor::traffic_from_json(saved[0].text);
  REQUIRE(history);
  CHECK(history->hours[0] == Approx(4).margin(0.2));
  CHECK(history->commits[0] == Approx(240).margin(12));
  site.shut_down();
  site.boot();
  site.run(2min);
  CHECK(site.customers.histories == 1);
  site.customers_commit(0);
  site.run(25min);
  CHECK(site.verdict() == Verdict::suspect_silence);
}

TEST_CASE("the history of a source as JSON") {
  evaluator::TrafficHistory history;
  history.commits[3] = 12.5;
  history.hours[3] = 2;
  history.surprise = 7.25;
  history.windows = 30;
  history.began = model::from_unix_millis(1'000);
  history.learnt_until = model::from_unix_millis(2'000);
  history.counted_until = model::from_unix_millis(3'000);
  history.silent_since = model::from_unix_millis(2'500);
  history.told = true;
  CHECK(monitor::traffic_from_json(monitor::to_json(history)) == history);
  CHECK(monitor::traffic_from_json(monitor::to_json(evaluator::TrafficHistory{})) ==
        evaluator::TrafficHistory{});

  std::string text = monitor::to_json(history);
  const auto wrong = [&](const std::string& from, const std::string& to) {
    std::string bad = text;
    bad.replace(bad.find(from), from.size(), to);
    const auto read = monitor::traffic_from_json(bad);
    return read ? std::string("read") : read.error().message;
  };
  CHECK(wrong("\"version\":1", "\"version\":2") == "version is not 1");
  CHECK(wrong("\"hours\":[0", "\"hours\":[-1") == "hours is not what it should be");
  CHECK(wrong("\"hours\":[", "\"hours\":[0,") == "hours is not what it should be");
  CHECK(wrong("\"told\":true", "\"told\":1") == "told is not what it should be");
  CHECK(wrong("\"began\":1000", "\"began\":-1") == "began is not what it should be");
  CHECK(wrong("\"surprise\"", "\"surprised\"") == "surprise is not what it should be");
  CHECK(wrong("\"told\"", "\"more\":{},\"told\"") == "read");
  CHECK_FALSE(monitor::traffic_from_json("[]"));
}
