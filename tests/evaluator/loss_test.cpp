// Data loss: two reads, never over by itself; a single rung is a notice and hides no outage.
#include <catch2/catch.hpp>

#include "evaluator/recovery.h"
#include "tests/evaluator/story.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::Phase;

namespace {

WriteLook lost() {
  WriteLook look = write_ok();
  look.read_back = ReadBack::lost;
  return look;
}

WriteLook healthy_rungs() {
  return with_rungs(write_ok(), 0);
}

Story with_sentinels() {
  Story story(usual_policy());
  story.repeat(5, 60s, healthy_rungs()).pass(60s);
  return story;
}

}  // namespace

TEST_CASE("data loss needs two reads thirty seconds apart") {
  Story story = with_sentinels();
  story.repeat(3, 10s, with_rungs(write_ok(), 3, true));
  CHECK(story.told.empty());
  story.pass(10s).vouched(with_rungs(write_ok(), 3, true));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::data_loss);
  CHECK(story.told[0].alarm_class == AlarmClass::loss);
  CHECK(story.told[0].alarm == Alarm::page);
  CHECK(story.told[0].severity == Severity::critical);
  CHECK(story.told[0].evidence.rungs_missing == 3);
  CHECK(story.told[0].evidence.rungs_expected == 3);
}

TEST_CASE("acknowledged and lost is data loss") {
  Story story = with_sentinels();
  story.repeat(2, 30s, lost());
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::data_loss);
}

TEST_CASE("a sentinel found again by the second read was a false alarm") {
  Story story = with_sentinels();
  story.vouched(with_rungs(write_ok(), 3, true)).pass(10s).vouched(healthy_rungs());
  story.pass(30s).vouched(with_rungs(write_ok(), 3, true));
  CHECK(story.history.size() == 1);
  CHECK(story.situation().failed_looks == 1);
}

TEST_CASE("which rungs are gone decides between a notice and a critical page") {
  struct Case {
    const char* what;
    int expected, missing;
    bool newest, container;
    bool critical;
  };
  const Case cases[] = {
      {"one of three, newest intact", 3, 1, false, false, false},
      {"one of four, newest intact", 4, 1, false, false, false},
      {"the newest", 3, 1, true, false, true},
      {"two", 3, 2, false, false, true},
      {"all", 3, 3, true, false, true},
      {"the only one", 1, 1, true, false, true},
      {"one of two", 2, 1, false, false, true},
      {"the container", 3, 1, false, true, true},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    Story story = with_sentinels();
    WriteLook look = with_rungs(write_ok(), c.missing, c.newest);
    look.rungs_expected = c.expected;
    look.container_gone = c.container;
    story.repeat(4, 10s, look);
    REQUIRE(story.told.size() == 1);
    CHECK(story.told[0].to == Verdict::data_loss);
    CHECK(story.told[0].alarm == (c.critical ? Alarm::page : Alarm::notify));
    CHECK(story.told[0].severity == (c.critical ? Severity::critical : Severity::warning));
  }
}

TEST_CASE("data loss never resolves itself") {
  Story story = with_sentinels();
  story.repeat(4, 10s, with_rungs(write_ok(), 3, true)).pass(10s);
  const std::size_t before = story.history.size();
  story.repeat(100, 60s, healthy_rungs());
  CHECK(story.history.size() == before);
  CHECK(story.situation().verdict == Verdict::data_loss);

  SECTION("a person accepts the new generation") {
    story.command(CommandKind::sentinels_accept);
    REQUIRE(story.told.size() == 1);
    CHECK(story.told[0].reason == Reason::accepted);
    CHECK(story.told[0].from == Verdict::data_loss);
    CHECK(story.told[0].to == Verdict::healthy);
    CHECK(story.told[0].alarm == Alarm::none);
    CHECK_FALSE(story.state.incident);
  }
  SECTION("a command for another service accepts nothing") {
    Command other;
    other.kind = CommandKind::sentinels_accept;
    other.service = "invoices";
    story.take(other, story.now);
    CHECK(story.told.empty());
    CHECK(story.state.incident);
  }
}

TEST_CASE("what was missing before it was accepted does not count again") {
  Story story = with_sentinels();
  story.repeat(4, 10s, with_rungs(write_ok(), 3, true)).command(CommandKind::sentinels_accept);
  story.pass(1s).wake();
  CHECK(story.told.empty());
  CHECK(story.situation().ruling.verdict != Verdict::data_loss);
  story.repeat(1, 10s, with_rungs(write_ok(), 3, true));
  CHECK(story.told.empty());
  story.pass(30s).vouched(with_rungs(write_ok(), 3, true));
  REQUIRE(story.told.size() == 1);  // and is a new incident when it is still so
  CHECK(story.told[0].reason == Reason::confirmed);
}

TEST_CASE("from an outage to data loss at critical is a step up: one more page") {
  Story story = with_sentinels();
  story.outage();
  CHECK(story.history.back().to == Verdict::backend_outage);
  story.repeat(4, 10s, with_rungs(write_fails(), 3, true));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::alarm_rose);
  CHECK(story.told[0].from == Verdict::backend_outage);
  CHECK(story.told[0].to == Verdict::data_loss);
  CHECK(story.told[0].alarm_class == AlarmClass::loss);
  const std::size_t before = story.history.size();
  story.pass(10s).repeat(60, 10s, write_fails());
  CHECK(story.history.size() == before);  // the outage behind it is not told again
}

TEST_CASE("a single missing rung does not hide an outage") {
  Story story = with_sentinels();
  story.repeat(4, 10s, with_rungs(write_ok(), 1)).pass(60s);
  CHECK(story.situation().alarm == Alarm::notify);
  story.repeat(6, 10s, with_rungs(write_fails(Write::read_only, ReadBack::ok), 1));
  CHECK(story.told.empty());  // one failed look after days with a missing rung is no outage yet
  story.pass(10s).vouched(with_rungs(write_fails(Write::read_only, ReadBack::ok), 1));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::read_only);
  CHECK(story.told[0].reason == Reason::alarm_rose);
  CHECK(story.told[0].alarm == Alarm::page);
  // Over, and the rung is still missing: back to that, and not resolved.
  story.pass(10s).repeat(10, 60s, with_rungs(write_ok(), 1));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].to == Verdict::data_loss);
  CHECK(story.told[0].reason == Reason::label_changed);
  story.command(CommandKind::sentinels_accept);
  CHECK(story.told.at(0).reason == Reason::accepted);
}

TEST_CASE("after an outage the still missing rung keeps the incident open, also when nobody reads it") {
  Story story = with_sentinels();
  story.repeat(4, 10s, with_rungs(write_ok(), 1)).pass(60s).outage();
  CHECK(story.situation().verdict == Verdict::backend_outage);
  story.repeat(6, 60s, write_ok());
  REQUIRE(story.state.incident);
  CHECK(story.situation().verdict == Verdict::data_loss);
}

TEST_CASE("a second rung gone makes the notice a page") {
  Story story = with_sentinels();
  story.repeat(4, 10s, with_rungs(write_ok(), 1)).pass(60s);
  story.repeat(2, 60s, with_rungs(write_ok(), 2));
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::alarm_rose);
  CHECK(story.told[0].severity == Severity::critical);
}

TEST_CASE("a record lost on a stream that is not the worst is heard of") {
  auto policy = usual_policy();
  policy.writes.push_back({.name = "second", .stream = "s1-second"});
  Story story(policy);
  for (int i = 0; i < 3; ++i) story.pass(60s).vouched(write_ok()).look("second", write_ok());
  story.pass(60s).vouched(write_fails()).look("second", lost());
  CHECK(story.situation().ruling.verdict == Verdict::data_loss);
  CHECK(story.situation().probe == "second");
  story.pass(30s).vouched(write_fails()).look("second", lost());
  CHECK(story.situation().verdict == Verdict::data_loss);
}

TEST_CASE("an announced reset is no data loss, and its end accepts what is there") {
  Story story = with_sentinels();
  story.command(CommandKind::maintenance_start, story.now.wall + 30min, true);
  story.repeat(10, 60s, with_rungs(write_ok(), 3, true));
  CHECK(story.told.empty());
  CHECK(story.situation().signals.sentinel == Sentinel::unknown);
  story.pass(21min + 1s).wake();
  CHECK_FALSE(story.state.reset_expected);
  story.repeat(4, 10s, with_rungs(write_ok(), 3, true));
  CHECK(story.told.size() == 1);  // after its end it is
}

TEST_CASE("a loss that was told before the reset was announced ends with the maintenance") {
  Story story = with_sentinels();
  story.repeat(4, 10s, with_rungs(write_ok(), 3, true));
  story.command(CommandKind::maintenance_start, {}, true).pass(10min);
  CHECK(story.state.incident);
  story.command(CommandKind::maintenance_end);
  REQUIRE(story.told.size() == 1);
  CHECK(story.told[0].reason == Reason::accepted);
}

TEST_CASE("maintenance without an expected reset expects no reset") {
  Story story = with_sentinels();
  story.command(CommandKind::maintenance_start, story.now.wall + 30min, false);
  story.repeat(4, 10s, with_rungs(write_ok(), 3, true));
  CHECK(story.told.size() == 1);
}
