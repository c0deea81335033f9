// The inbox, the outbox and the clock together: what is sent, when, and what survives.
#include <catch2/catch.hpp>
#include <set>

#include "tests/alerting/stage.h"

using namespace deadcalm;
using namespace deadcalm::alerting;
using namespace std::chrono_literals;
using Heard = std::vector<std::string>;
using model::Alarm;
using model::CommandKind;
using model::Severity;
using model::Verdict;
using tests::Stage;

TEST_CASE("a transition becomes pages, its end the resolves, and nothing else is sent") {
  Stage s;
  s.up();
  s.outage();
  CHECK(s.heard() == Heard{"trigger:pager", "trigger:slack"});
  const Status open = s.alerting->status();
  REQUIRE(open.incidents.size() == 1);
  CHECK(open.incidents[0].headline == "SAVING IS DOWN, clients' view not known yet");
  CHECK(open.queued + open.sending == 0);
  CHECK(open.accepted == 2);
  CHECK(s.sent[0].delivery.page.dedup_key == s.sent[1].delivery.page.dedup_key);
  CHECK(s.sent[0].delivery.id != s.sent[1].delivery.id);
  s.wait(10min, 30s);
  s.well();
  CHECK(s.heard() == Heard{"resolve:pager", "resolve:slack"});
  CHECK(s.sent[2].delivery.page.dedup_key == s.sent[0].delivery.page.dedup_key);
  CHECK(s.alerting->status().incidents.empty());
  s.outage();
  CHECK(s.heard().size() == 2);
  CHECK(s.sent[4].delivery.page.dedup_key != s.sent[0].delivery.page.dedup_key);
}

TEST_CASE("a restart repeats nothing that was accepted and forgets nothing that was not") {
  Stage s;
  s.up();
  s.outage();
  CHECK(s.heard().size() == 2);
  s.down();
  s.up();
  s.wait(2h, 60s);
  CHECK(s.heard().empty());
  s.well();
  CHECK(s.heard() == Heard{"resolve:pager", "resolve:slack"});
}

TEST_CASE("a page cut by a crash is sent again, marked, with the same id") {
  Stage s({"pager"});
  s.build();
  s.senders["pager"]->hangs = true;
  s.go();
  s.outage();
  CHECK(s.heard() == Heard{"trigger:pager"});
  CHECK(s.memory.unsent_pages()->front().state == store::PageState::sending);
  s.down();
  s.up();
  CHECK(s.heard() == Heard{"trigger:pager"});
  CHECK_FALSE(s.sent[0].delivery.resend);
  CHECK(s.sent[1].delivery.resend);
  CHECK(s.sent[0].delivery.id == s.sent[1].delivery.id);
}

TEST_CASE("updates go only where a channel can show them") {
  Stage s;
  s.build();
  s.senders["pager"]->updates = true;
  s.go();
  s.outage();
  s.heard();
  s.happens(Verdict::masked_outage, Alarm::page, Severity::critical, model::Reason::label_changed);
  CHECK(s.heard() == Heard{"update:pager"});
  s.well();
  CHECK(s.heard() == Heard{"resolve:pager", "resolve:slack"});
  CHECK_THAT(s.sent.back().delivery.page.text.title,
             Catch::Contains("It was: SAVING IS DOWN, apps still look fine"));
}

TEST_CASE("retries follow the table, and one channel's trouble does not delay another") {
  Stage s;
  s.build();
  s.senders["slack"]->answers = {Retry{"502", true, {}, false}, Retry{"503", false, {}, false}};
  s.go();
  s.outage();
  CHECK(s.heard() == Heard{"trigger:pager", "trigger:slack"});
  CHECK(s.alerting->status().queued == 1);
  s.wait(9s);
  CHECK(s.heard().empty());
  s.wait(1s);
  CHECK(s.heard() == Heard{"trigger:slack"});
  CHECK(s.sent.back().delivery.resend);  // 502 left it open
  s.wait(10s);
  CHECK(s.heard() == Heard{"trigger:slack"});
  CHECK(s.alerting->status().queued == 0);
}

TEST_CASE("the table of waits, with full jitter") {
  const RetryTable table{.delays = {1s, 5s, 30s}, .after_429 = 30s};
  CHECK(delay_after(table, 1, 0s, 0.5) == 500ms);
  CHECK(delay_after(table, 2, 0s, 0.5) == 2500ms);
  CHECK(delay_after(table, 99, 0s, 0.999999) == 29'999ms);
  CHECK(delay_after(table, 1, 20s, 0.0) == 20s);
}

TEST_CASE("429 holds the whole channel as long as the receiver asks") {
  Stage s({"slack"});
  s.build();
  s.senders["slack"]->answers = {Retry{"429", false, model::Millis{45s}, true}};
  s.go();
  s.outage();
  CHECK(s.heard().size() == 1);
  CHECK(s.alerting->status().channels[0].held_until.has_value());
  s.happens(Verdict::backend_outage, Alarm::page, Severity::error, model::Reason::confirmed, "stock");
  s.wait(44s);
  CHECK(s.heard().empty());
  s.wait(1s);
  CHECK(s.heard() == Heard{"trigger:slack", "trigger:slack"});
}

TEST_CASE("an outage that is over before its page got out: the page still goes first, and says so") {
  Stage s({"slack"});
  s.build();
  s.senders["slack"]->always = [] { return Retry{"503", false, {}, false}; };
  s.go();
  s.outage();
  s.wait(1min);
  s.well();
  s.heard();
  s.senders["slack"]->always = nullptr;
  s.wait(10s);
  CHECK(s.heard() == Heard{"trigger:slack", "resolve:slack"});
  CHECK_THAT(s.sent[s.sent.size() - 2].delivery.page.text.title, Catch::StartsWith("orders: over since "));
  CHECK(s.sent[s.sent.size() - 2].delivery.over_at.has_value());
}

TEST_CASE("after a long failure of a channel it gets one page of today, not the backlog") {
  Stage s({"slack"});
  s.routes.services[0].page = {{}, "night"};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"slack"}, 0s}};
  night.last_resort = {"slack"};
  night.repeat_every = 15min;
  s.routes.escalations = {night};
  s.build();
  s.senders["slack"]->always = [] { return Retry{"connection refused", false, {}, false}; };
  s.go();
  s.outage();
  s.wait(10h, 5s);
  s.heard();
  CHECK(s.alerting->status().queued == 1);
  CHECK(s.alerting->status().superseded == 40);
  CHECK(s.alerting->status().oldest_due_seconds < 901);
  s.senders["slack"]->always = nullptr;
  s.wait(10s);
  CHECK(s.heard() == Heard{"trigger:slack"});
}

TEST_CASE("a channel that refuses: its page goes to the others of the route, and they hear why") {
  Stage s({"pager", "slack", "mail"});
  s.routes.services[0].page = {{}, "night"};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"slack"}, 0s}, {{"pager"}, 5min}};
  s.routes.escalations = {night};
  s.routes.owner = {{"mail"}, ""};
  s.build();
  s.senders["slack"]->always = [] { return Rejected{"404: no_service"}; };
  s.go();
  s.outage();
  CHECK(s.heard() == Heard{"trigger:slack", "trigger:pager", "trigger:mail"});
  CHECK_THAT(s.sent[1].delivery.page.text.body.back(), Catch::Contains("another channel did not take it"));
  CHECK(s.sent[2].delivery.page.subject == model::Subject{true, "channel/slack"});
  CHECK_THAT(s.sent[2].delivery.page.text.body[0], Catch::Contains("404: no_service"));
  CHECK(s.alerting->status().dead == 1);
  s.well();
  s.senders["slack"]->always = nullptr;
  s.heard();
  s.say(CommandKind::page_test);  // it works again: our own incident ends
  CHECK_THAT(s.heard(), Catch::VectorContains(std::string("test:slack")) &&
                            Catch::VectorContains(std::string("resolve:mail")));
  CHECK(s.alerting->status().incidents.empty());
}

TEST_CASE("a page that nobody can take is never given up") {
  Stage s({"slack"});
  s.build();
  s.senders["slack"]->always = [] { return Rejected{"410: channel_is_archived"}; };
  s.go();
  s.outage();
  s.wait(1h, 5s);
  CHECK(s.heard().size() == 13);  // at once, then every 5 min
  s.senders["slack"]->always = nullptr;
  s.wait(5min, 5s);
  CHECK(s.heard() == Heard{"trigger:slack"});
  CHECK(s.alerting->status().queued == 0);
}

TEST_CASE("a slow channel of one step wakes the others after a minute, once") {
  Stage s({"pager", "slack"});
  s.routes.services[0].page = {{}, "night"};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"pager"}, 0s}, {{"slack"}, 30min}};
  s.routes.escalations = {night};
  s.build();
  s.senders["pager"]->table.fall_back = 60s;
  s.senders["pager"]->always = [] { return Retry{"502", true, {}, false}; };
  s.go();
  s.outage();
  s.wait(50s);
  CHECK_THAT(s.heard(), !Catch::VectorContains(std::string("trigger:slack")));
  s.wait(20min, 5s);
  const Heard heard = s.heard();
  CHECK(std::ranges::count(heard, "trigger:slack") == 1);
}

TEST_CASE("given up after its time, told elsewhere; a critical page is not given up") {
  Stage s({"slack", "mail"});
  s.routes.services[0].page = {{"slack"}, ""};
  s.build();
  s.senders["slack"]->table.give_up = 30min;
  s.senders["slack"]->always = [] { return Retry{"502", false, {}, false}; };
  s.go();
  SECTION("error") {
    s.outage();
    s.wait(31min, 5s);
    CHECK(s.alerting->status().dead == 1);
    CHECK_THAT(s.heard(), Catch::VectorContains(std::string("trigger:mail")));
  }
  SECTION("critical") {
    s.happens(Verdict::masked_outage, Alarm::page, Severity::critical);
    s.wait(2h, 5s);
    CHECK(s.alerting->status().dead == 0);
    s.heard();
    s.senders["slack"]->always = nullptr;
    s.wait(10s);
    CHECK(s.heard() == Heard{"trigger:slack"});
  }
}

TEST_CASE("a weekend of escalation, across a restart") {
  Stage s({"pager", "slack", "boss"});
  s.routes.services[0].page = {{}, "night"};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"pager"}, 0s}, {{"slack"}, 10min}};
  night.last_resort = {"boss"};
  night.repeat_every = 30min;
  s.routes.escalations = {night};
  s.up();
  s.outage();
  s.wait(5min, 10s);
  CHECK(s.heard() == Heard{"trigger:pager"});
  s.down();
  s.clock.advance(4min);
  s.up();
  CHECK(s.heard().empty());
  s.wait(1min, 10s);
  CHECK(s.heard() == Heard{"trigger:slack"});
  s.wait(62h, 30s);
  const Heard weekend = s.heard();
  CHECK(weekend == Heard(62 * 2, "trigger:boss"));
  s.say(CommandKind::acknowledge);
  CHECK(s.heard() == Heard{"acknowledge:pager", "acknowledge:slack", "acknowledge:boss"});
  s.wait(1h, 30s);
  s.well();
  CHECK(s.heard() == Heard{"resolve:pager", "resolve:slack", "resolve:boss"});
}

TEST_CASE("a silence is kept over a restart and its end pages") {
  Stage s;
  s.up();
  s.say(CommandKind::silence, 1h);
  s.outage();
  CHECK(s.heard().empty());
  REQUIRE(s.alerting->status().silences.size() == 1);
  CHECK(s.alerting->status().incidents[0].silenced);
  s.down();
  s.up();
  s.wait(59min, 30s);
  CHECK(s.heard().empty());
  s.wait(1min, 30s);
  CHECK(s.heard() == Heard{"trigger:pager", "trigger:slack"});
  CHECK(s.alerting->status().silences.empty());
}

TEST_CASE("a silence of everything is refused even if it got into the inbox") {
  Stage s;
  s.up();
  s.say(CommandKind::silence, 1h, "");
  s.outage();
  CHECK(s.heard().size() == 2);
}

TEST_CASE("a clock set by hand neither fires an escalation nor stops it") {
  Stage s({"pager", "slack"});
  s.routes.services[0].page = {{}, "night"};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"pager"}, 0s}, {{"slack"}, 10min}};
  s.routes.escalations = {night};
  s.up();
  s.outage();
  CHECK(s.heard() == Heard{"trigger:pager"});
  const auto jump = GENERATE(1h, -1h);
  s.clock.step_wall(jump);
  s.wait(10min - 1s, 10s);
  CHECK(s.heard().empty());
  s.wait(31s, 1s);
  CHECK(s.heard() == Heard{"trigger:slack"});
}

TEST_CASE("full disk: people are told at once past the store, and again when it is back") {
  Stage s;
  s.up();
  store::Batch batch;
  model::Transition t;
  t.subject = {false, "orders"};
  t.to = Verdict::masked_outage;
  t.alarm = Alarm::page;
  t.severity = Severity::critical;
  batch.transitions.push_back(t);
  tests::run_task(s.io, s.store->commit(std::move(batch)));
  s.memory.fail_commits = model::Error{model::ErrorKind::unavailable, "disk full"};
  s.alerting->poke();
  s.settle();
  CHECK(s.heard() == Heard{"trigger:pager", "trigger:slack"});
  CHECK_THAT(s.sent[0].delivery.page.text.title,
             Catch::StartsWith("orders: SAVING IS DOWN, apps still look fine"));
  CHECK_THAT(s.sent[0].delivery.page.text.body.back(), Catch::Contains("disk full"));
  CHECK_FALSE(s.alerting->status().store_ok);
  s.wait(1h, 5s);
  CHECK(s.heard().empty());  // once
  s.memory.fail_commits.reset();
  s.wait(15s);
  CHECK(s.heard() == Heard{"trigger:pager", "trigger:slack"});
  CHECK(s.alerting->status().store_ok);
}

TEST_CASE("a page that is queued already goes out on a full disk, once") {
  Stage s({"slack"});
  s.build();
  s.senders["slack"]->answers = {Retry{"503", false, {}, false}};
  s.go();
  s.outage();
  s.heard();
  s.memory.fail_commits = model::Error{model::ErrorKind::unavailable, "disk full"};
  s.wait(10min, 5s);
  CHECK(s.heard() == Heard{"trigger:slack"});
  CHECK(s.alerting->status().accepted == 0);  // taken, but a crash now would send it again
  CHECK(s.alerting->status().channels.at(0).accepted == 0);
  s.memory.fail_commits.reset();
  s.wait(1min, 5s);
  CHECK(s.heard().empty());
  CHECK(s.memory.unsent_pages()->empty());
  CHECK(s.alerting->status().accepted == 1);
  CHECK(s.alerting->status().channels.at(0).accepted == 1);
}

TEST_CASE("stopping waits for what is under way, not longer than its patience") {
  Stage s({"slack"});
  s.build();
  s.senders["slack"]->hangs = true;
  s.go();
  s.outage();
  bool stopped = false;
  const auto stop = [](Stage& stage, bool& done) -> net::awaitable<void> {
    co_await stage.alerting->stop(10s);
    done = true;
  };
  net::co_spawn(s.io, stop(s, stopped), net::detached);
  s.wait(9s);
  CHECK_FALSE(stopped);
  s.wait(2s);
  CHECK(stopped);
  s.alerting.reset();
  CHECK(s.memory.unsent_pages()->front().state == store::PageState::sending);  // told again after the start
}

TEST_CASE("a storm of 300 services: each is told, none twice, the channel's pace is kept") {
  Stage s({"slack"});
  s.build();
  s.senders["slack"]->table.gap = 1s;
  s.go();
  store::Batch batch;
  for (int n = 0; n < 300; ++n) {
    model::Transition t;
    t.subject = {false, "service-" + std::to_string(n)};
    t.to = Verdict::backend_outage;
    t.alarm = n == 299 ? Alarm::page : Alarm::notify;
    batch.transitions.push_back(t);
  }
  s.commit(std::move(batch));
  s.wait(301s);
  CHECK(s.sent.size() == 300);
  std::set<std::string> ids;
  for (const auto& sent : s.sent) ids.insert(sent.delivery.id);
  CHECK(ids.size() == 300);
  CHECK(s.sent[298].at - s.sent[1].at >= 297s);
  const auto page =
      std::ranges::find(s.sent, "service-299", [](const auto& x) { return x.delivery.page.subject.name; });
  CHECK(page - s.sent.begin() <= 1);  // a page does not queue behind notices
}

TEST_CASE("nothing is told before it is committed") {
  Stage s;
  s.up();
  s.outage();
  for (const auto& sent : s.sent) {
    CHECK(sent.delivery.page.generation == 1);
    const auto rows = *s.memory.incidents(true);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].subject == "orders");
  }
  CHECK(*s.memory.cursor("alerting") == 1);
}

TEST_CASE("a list of channels was told at once: when one refuses, the others hear only of the channel") {
  Stage s({"pager", "slack"});
  s.build();
  s.senders["slack"]->always = [] { return Rejected{"403: action_prohibited"}; };
  s.go();
  s.outage();
  CHECK(s.heard() == Heard{"trigger:pager", "trigger:slack", "trigger:pager"});
  CHECK(s.sent.back().delivery.page.subject == model::Subject{true, "channel/slack"});
  s.wait(5h, 30s);
  s.well();
  CHECK(s.heard() == Heard{"resolve:pager", "resolve:slack"});  // tried, and refused again
  CHECK(s.alerting->status().incidents.size() == 1);            // the channel is still dead
}

TEST_CASE("a channel that was taken out of the configuration: its unsent page goes to the others") {
  Stage s({"pager", "slack"});
  s.routes.services[0].page = {{}, "night"};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"slack"}, 0s}, {{"pager"}, 30min}};
  s.routes.escalations = {night};
  s.build();
  s.senders["slack"]->always = [] { return Retry{"503", false, {}, false}; };
  s.go();
  s.outage();
  s.down();
  s.heard();
  s.routes.channels = {"pager"};
  s.up();
  s.wait(10s);
  CHECK(s.heard() == Heard{"trigger:pager"});
  CHECK(s.alerting->status().queued == 0);
}

TEST_CASE("a sender that throws loses nothing") {
  Stage s({"slack"});
  s.build();
  int times = 0;
  s.senders["slack"]->always = [&times]() -> SendResult {
    if (++times == 1) throw std::runtime_error("a bug");
    return Accepted{};
  };
  s.go();
  s.outage();
  s.wait(10s);
  CHECK(s.heard() == Heard{"trigger:slack", "trigger:slack"});
  CHECK(s.alerting->status().queued == 0);
}
