#include "store/work_item_json.h"

#include <catch2/catch.hpp>

using namespace deadcalm;

TEST_CASE("a transition comes back as it was stored, evidence included") {
  model::Transition t;
  t.subject = {true, "blind"};
  t.at.wall = model::from_unix_millis(1'700'000'000'123);
  t.from = model::Verdict::healthy;
  t.to = model::Verdict::masked_outage;
  t.masked = model::Masked::yes;
  t.alarm_class = model::AlarmClass::hard;
  t.alarm = model::Alarm::page;
  t.severity = model::Severity::critical;
  t.reason = model::Reason::label_changed;
  t.row = 8;
  t.evidence.signals.age = model::Age::old;
  t.evidence.detail = "quote \" and newline \n";
  t.evidence.last_good = model::from_unix_millis(5);
  t.evidence.client_data_age = model::Millis{240'000};
  t.evidence.traffic_expected = 2.5;
  t.evidence.view_measured = false;

  const std::string text = store::to_json(t);
  const auto back = store::transition_from_json(text);
  REQUIRE(back);
  CHECK(store::to_json(*back) == text);
  CHECK(back->subject == t.subject);
  CHECK(back->at.wall == t.at.wall);
  CHECK(back->evidence.signals == t.evidence.signals);
  CHECK(back->evidence.last_good == t.evidence.last_good);
  CHECK_FALSE(back->evidence.stale_limit);
  CHECK(back->evidence.detail == t.evidence.detail);
}

TEST_CASE("fields of another release are ignored, damaged ones are an error") {
  CHECK(store::transition_from_json(R"({"to":"healthy","from_the_future":1})"));
  const auto bad = store::transition_from_json(R"({"to":"splendid"})");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "stored item has a bad value for to");
  CHECK_FALSE(store::command_from_json("[]"));
  CHECK_FALSE(store::command_from_json("{"));
}
