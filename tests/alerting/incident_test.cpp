// The incident machine as tables and told stories.
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "alerting/incident_machine.h"

using namespace deadcalm;
using namespace deadcalm::alerting;
using namespace std::chrono_literals;
using model::Alarm;
using model::CommandKind;
using model::Reason;
using model::Severity;
using model::Verdict;
using Channels = std::vector<std::string>;

namespace {

const model::WallTime kStart = model::from_unix_millis(1'800'000'000'000);

Routes routes() {
  Routes r;
  r.site = "fra1";
  r.instance = "inst0001";
  r.channels = {"pager", "slack", "mail", "boss"};
  r.page = {{"pager", "slack"}, ""};
  r.notify = {"slack"};
  ServiceRoute orders;
  orders.name = "orders";
  orders.page = r.page;
  orders.notify = r.notify;
  ServiceRoute stock = orders;
  stock.name = "stock";
  stock.page = {{}, "night"};
  r.services = {orders, stock};
  config::EscalationOptions night;
  night.name = "night";
  night.steps = {{{"pager"}, 0s}, {{"slack", "mail"}, 5min}};
  night.last_resort = {"boss"};
  night.repeat_every = 15min;
  r.escalations = {night};
  return r;
}

// Plays what happens, one thing after the other, and keeps what came out.
struct Play {
  Routes r = routes();
  std::optional<Incident> incident;
  std::optional<Silence> silence;
  model::WallTime now = kStart;
  std::string service = "orders";

  // "kind:channel" of each message.
  Channels take(const Happening& happening) {
    const Change change = decide(r, incident, silence, happening, now);
    if (change.incident) incident = change.incident;
    Channels out;
    for (const Order& order : change.orders) {
      out.push_back(std::string(model::name(order.kind)) + ':' + order.channel);
    }
    return out;
  }
  Channels is(Verdict to, Alarm alarm, Severity severity, Reason reason = Reason::confirmed) {
    model::Transition t;
    t.subject = {false, service};
    t.to = to;
    t.alarm = alarm;
    t.severity = severity;
    t.reason = reason;
    t.at.wall = now;
    return take(t);
  }
  Channels outage() { return is(Verdict::backend_outage, Alarm::page, Severity::error); }
  Channels well() { return is(Verdict::healthy, Alarm::none, Severity::info, Reason::recovered); }
  Channels say(CommandKind kind) {
    model::Command c;
    c.kind = kind;
    c.service = service;
    c.author = "on-call";
    c.at = now;
    return take(c);
  }
  Channels silence_for(model::Millis d) {
    model::Command c;
    c.kind = CommandKind::silence;
    c.service = service;
    c.at = now;
    c.until = now + d;
    silence = silence_of(c);
    return take(c);
  }
  // To the next timer, at most d; what it sends.
  Channels wait(model::Millis d) {
    const model::WallTime end = now + d;
    Channels out;
    while (incident) {
      const auto due = next_wake(*incident, silence);
      if (!due || *due > end) break;
      now = std::max(now, *due);
      for (auto& message : take(Wake{})) out.push_back(std::move(message));
    }
    now = end;
    return out;
  }
};

}  // namespace

TEST_CASE("an outage opens one incident, tells the route once, and resolves to the same people") {
  Play p;
  CHECK(p.outage() == Channels{"trigger:pager", "trigger:slack"});
  CHECK(p.incident->generation == 1);
  CHECK(p.wait(48h).empty());
  CHECK(p.well() == Channels{"resolve:pager", "resolve:slack"});
  CHECK_FALSE(p.incident->open);
  CHECK(p.well().empty());
  CHECK(p.outage().size() == 2);
  CHECK(p.incident->generation == 2);
}

TEST_CASE("what a transition sends while an incident is open") {
  struct Row {
    const char* rule;
    Verdict to;
    Alarm alarm;
    Severity severity;
    Reason reason;
    Channels sent;
  };
  const Row rows[] = {
      {"label changed: an update, no second page",
       Verdict::masked_outage,
       Alarm::page,
       Severity::error,
       Reason::label_changed,
       {"update:pager", "update:slack"}},
      {"severity rose: an update, no second page",
       Verdict::backend_outage,
       Alarm::page,
       Severity::critical,
       Reason::severity_rose,
       {"update:pager", "update:slack"}},
      {"hard became loss: pages once more",
       Verdict::data_loss,
       Alarm::page,
       Severity::critical,
       Reason::alarm_rose,
       {"trigger:pager", "trigger:slack"}},
      {"confirmed again, same label: nothing",
       Verdict::backend_outage,
       Alarm::page,
       Severity::error,
       Reason::confirmed,
       {}},
      {"unknown is not healthy: nothing",
       Verdict::unknown,
       Alarm::none,
       Severity::info,
       Reason::went_blind,
       {}},
      {"healthy but still alarmed: no resolve",
       Verdict::healthy,
       Alarm::page,
       Severity::error,
       Reason::label_changed,
       {"update:pager", "update:slack"}},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    Play p;
    p.outage();
    CHECK(p.is(row.to, row.alarm, row.severity, row.reason) == row.sent);
    CHECK(p.incident->open);
    CHECK(p.incident->generation == 1);
  }
}

TEST_CASE("a notice that becomes a page triggers the page route, and everybody told hears the end") {
  Play p;
  CHECK(p.is(Verdict::disputed, Alarm::notify, Severity::warning) == Channels{"trigger:slack"});
  CHECK(p.is(Verdict::disputed, Alarm::page, Severity::error, Reason::alarm_rose) ==
        Channels{"trigger:pager", "trigger:slack"});
  CHECK(p.is(Verdict::disputed, Alarm::notify, Severity::error, Reason::label_changed).empty());
  CHECK(p.incident->alarm == Alarm::page);  // an alarm never falls
  CHECK(p.well() == Channels{"resolve:slack", "resolve:pager"});
}

TEST_CASE("an escalation climbs, and its last resort never goes quiet") {
  Play p;
  p.service = "stock";
  CHECK(p.outage() == Channels{"trigger:pager"});
  CHECK(p.wait(5min - 1s).empty());
  CHECK(p.wait(1s) == Channels{"trigger:slack", "trigger:mail"});
  CHECK(p.wait(15min) == Channels{"trigger:boss"});
  const Channels weekend = p.wait(62h);
  CHECK(weekend.size() == 62 * 4);
  CHECK(weekend.back() == "trigger:boss");
  CHECK(p.say(CommandKind::acknowledge).size() == 4);
  CHECK(p.wait(4h - 1s).empty());
  CHECK(p.wait(1s) == Channels{"trigger:pager"});  // the lease is over, from the first step
  CHECK(p.well().size() == 4);
  CHECK(p.wait(62h).empty());
}

TEST_CASE("the lease of an acknowledgement") {
  struct Row {
    Severity severity;
    model::Millis lease;
  };
  for (const Row& row :
       {Row{Severity::critical, 30min}, Row{Severity::error, 4h}, Row{Severity::warning, 4h}}) {
    Play p;
    p.is(Verdict::backend_outage, Alarm::page, row.severity);
    CHECK(p.say(CommandKind::acknowledge) == Channels{"acknowledge:pager", "acknowledge:slack"});
    CHECK(p.incident->acked_by == "on-call");
    CHECK(p.wait(row.lease - 1ms).empty());
    CHECK(p.wait(1ms) == Channels{"trigger:pager", "trigger:slack"});
    CHECK_FALSE(p.incident->acknowledged());
    p.say(CommandKind::acknowledge);
    CHECK(p.well() == Channels{"resolve:pager", "resolve:slack"});
    CHECK(p.wait(48h).empty());
  }
}

TEST_CASE("a rise breaks an acknowledgement, an update does not") {
  Play p;
  p.outage();
  p.say(CommandKind::acknowledge);
  p.is(Verdict::masked_outage, Alarm::page, Severity::critical, Reason::severity_rose);
  CHECK(p.incident->acknowledged());
  CHECK(p.is(Verdict::data_loss, Alarm::page, Severity::critical, Reason::alarm_rose).size() == 2);
  CHECK_FALSE(p.incident->acknowledged());
}

TEST_CASE("an empty step is skipped at once") {
  Play p;
  p.service = "stock";
  p.r.escalations[0].steps = {{{}, 0s}, {{"mail"}, 5min}, {{"gone"}, 5min}, {{"slack"}, 5min}};
  CHECK(p.outage() == Channels{"trigger:mail"});  // nobody waits for a step that told nobody
  CHECK(p.wait(5min) == Channels{"trigger:slack"});
}

TEST_CASE("a silence holds pages, never the resolve, and its end pages what is still bad") {
  Play p;
  SECTION("opened while silenced") {
    p.silence_for(1h);
    CHECK(p.outage().empty());
    CHECK(p.is(Verdict::masked_outage, Alarm::page, Severity::critical, Reason::label_changed).empty());
    CHECK(p.wait(1h - 1s).empty());
    CHECK(p.wait(1s) == Channels{"trigger:pager", "trigger:slack"});
    CHECK(p.well().size() == 2);
  }
  SECTION("opened and over while silenced: nobody hears of it") {
    p.silence_for(1h);
    p.outage();
    CHECK(p.well().empty());
    CHECK(p.wait(2h).empty());
  }
  SECTION("told before the silence: the resolve is sent") {
    p.outage();
    p.silence_for(1h);
    CHECK(p.well() == Channels{"resolve:pager", "resolve:slack"});
  }
  SECTION("told before the silence and still bad after it") {
    p.outage();
    p.silence_for(1h);
    CHECK(p.wait(1h) == Channels{"trigger:pager", "trigger:slack"});
  }
  SECTION("an escalation pauses and starts again from its first step") {
    p.service = "stock";
    p.outage();
    p.wait(2min);
    p.silence_for(1h);
    CHECK(p.wait(1h) == Channels{"trigger:pager"});
    CHECK(p.wait(5min) == Channels{"trigger:slack", "trigger:mail"});
  }
  SECTION("taken back early") {
    p.silence_for(1h);
    p.outage();
    p.silence.reset();
    CHECK(p.say(CommandKind::unsilence) == Channels{"trigger:pager", "trigger:slack"});
  }
  SECTION("somebody has it: the end of the silence does not wake him") {
    p.outage();
    p.say(CommandKind::acknowledge);
    p.silence_for(1h);
    CHECK(p.wait(2h).empty());
    CHECK(p.wait(2h).size() == 2);  // until the lease is over
  }
  SECTION("our own incidents are never silenced") {
    p.service = "unknown/orders";
    p.silence = Silence{"unknown/orders", "", "", p.now, p.now + 1h, false};
    model::Transition t;
    t.subject = {true, "unknown/orders"};
    t.to = Verdict::unknown;
    t.alarm = Alarm::page;
    CHECK(p.take(t).size() == 2);
  }
}

TEST_CASE("closed by a person, still bad: it opens again when the lease is over") {
  Play p;
  p.outage();
  CHECK(p.say(CommandKind::resolve) == Channels{"resolve:pager", "resolve:slack"});
  CHECK(p.incident->resolved_by == "on-call");
  SECTION("nothing got well") {
    CHECK(p.wait(4h - 1s).empty());
    CHECK(p.wait(1s) == Channels{"trigger:pager", "trigger:slack"});
    CHECK(p.incident->generation == 2);
  }
  SECTION("a new bad word opens it at once") {
    CHECK(p.is(Verdict::masked_outage, Alarm::page, Severity::critical, Reason::label_changed).size() == 2);
    CHECK(p.incident->generation == 2);
  }
  SECTION("it got well: that was it") {
    CHECK(p.well().empty());
    CHECK(p.wait(48h).empty());
    CHECK(p.incident->generation == 1);
  }
}

TEST_CASE("a probe that never worked makes a notice of its own, and its first proof ends that") {
  Play p;
  model::Transition setup;
  setup.subject = {false, "orders"};
  setup.alarm = Alarm::notify;
  setup.reason = Reason::setup;
  setup.evidence.probe = "write-http";
  CHECK(subject_for(setup) == model::Subject{true, "setup/orders/write-http"});
  CHECK(p.take(setup) == Channels{"trigger:slack"});
  CHECK(p.wait(48h).empty());
  model::Transition proof = setup;
  proof.to = Verdict::healthy;
  proof.reason = Reason::first_proof;
  CHECK(p.take(proof) == Channels{"resolve:slack"});
  p.incident.reset();
  CHECK(p.take(proof).empty());  // worked at once: no message
}

TEST_CASE("who hears of our own incidents") {
  Routes r = routes();
  const auto told = [&](const std::string& name) {
    return channels_of(plan_for(r, {true, name}, Alarm::page));
  };
  CHECK(told("blind") == Channels{"pager", "slack", "mail", "boss"});  // everybody who is paged
  CHECK(told("unknown/orders") == Channels{"pager", "slack"});
  CHECK(told("unknown/stock") == Channels{"pager", "slack", "mail", "boss"});
  r.owner = {{"mail"}, ""};
  CHECK(told("blind") == Channels{"mail"});
  r.services[0].owner = {{"boss"}, ""};
  CHECK(told("unknown/orders") == Channels{"boss"});
  CHECK(channels_of(plan_for(r, {true, "channel/mail"}, Alarm::page, {"mail"})) ==
        Channels{"pager", "slack", "boss"});  // the owner's only channel is the dead one: everybody else
  CHECK(channels_of(plan_for(r, {true, "clone/orders"}, Alarm::notify)) == Channels{"slack"});
}

TEST_CASE("nobody is paged only if the configuration says so") {
  Routes r = routes();
  r.services[0].page = {};
  CHECK(channels_of(plan_for(r, {false, "orders"}, Alarm::page)).empty());
  r.services[0].page = {{"removed"}, ""};
  CHECK(channels_of(plan_for(r, {false, "orders"}, Alarm::page)) == r.channels);
}

TEST_CASE("commands that are refused") {
  struct Row {
    CommandKind kind;
    std::string service;
    model::Millis length;
    bool refused;
  };
  const Row rows[] = {{CommandKind::silence, "orders", 7 * 24h, false},
                      {CommandKind::silence, "orders", 7 * 24h + 1s, true},
                      {CommandKind::silence, "", 1h, true},
                      {CommandKind::silence, "orders", -1h, true},
                      {CommandKind::maintenance_start, "orders", 1h, false},
                      {CommandKind::maintenance_start, "", 1h, true},
                      {CommandKind::resolve, "", 0h, true},
                      {CommandKind::resolve, "orders", 0h, false},
                      {CommandKind::acknowledge, "", 0h, false},
                      {CommandKind::page_test, "", 0h, false}};
  for (const Row& row : rows) {
    model::Command c;
    c.kind = row.kind;
    c.service = row.service;
    c.at = kStart;
    c.until = kStart + row.length;
    INFO(model::name(row.kind) << ' ' << row.service << ' ' << row.length.count());
    CHECK(refusal(c).has_value() == row.refused);
  }
  model::Command endless;
  endless.kind = CommandKind::silence;
  endless.service = "orders";
  endless.at = kStart;
  CHECK(refusal(endless) == "a silence needs an end");
}

TEST_CASE("a command speaks of the incidents it names") {
  model::Command c;
  c.service = "orders";
  CHECK(names(c, {false, "orders"}));
  CHECK(names(c, {true, "unknown/orders"}));
  CHECK(names(c, {true, "setup/orders/http"}));
  CHECK_FALSE(names(c, {false, "stock"}));
  CHECK_FALSE(names(c, {true, "blind"}));
  c.service = "blind";
  CHECK(names(c, {true, "blind"}));
  c.service = "";
  CHECK(names(c, {false, "stock"}));
}

TEST_CASE("an incident survives its stored form") {
  Play p;
  p.service = "stock";
  p.outage();
  p.wait(5min);
  p.say(CommandKind::acknowledge);
  p.incident->refused = {"pager"};
  p.incident->evidence.detail = "connection refused";
  const auto back = incident_from_json(to_json(*p.incident));
  REQUIRE(back);
  CHECK(to_json(*back) == to_json(*p.incident));
  CHECK(back->plan == p.incident->plan);
  CHECK(back->ack_until == p.incident->ack_until);
  CHECK(back->told == Channels{"pager", "slack", "mail"});
  CHECK_FALSE(incident_from_json("[]"));
  CHECK_FALSE(incident_from_json(R"({"generation": "two"})"));
}

TEST_CASE("whatever happens in whatever order, the promises hold") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto dice = [&](unsigned n) { return random() % n; };
    Play p;
    p.service = dice(2) == 0 ? "orders" : "stock";
    std::map<std::string, int> owed;  // triggers told, less resolves, of the open incident
    for (int step = 0; step < 200; ++step) {
      const bool was_open = p.incident && p.incident->open;
      const bool silenced = is_active(p.silence, p.now);
      Channels sent;
      switch (dice(8)) {
        case 0: sent = p.outage(); break;
        case 1: sent = p.is(Verdict::disputed, Alarm::notify, Severity::warning); break;
        case 2: sent = p.is(Verdict::data_loss, Alarm::page, Severity::critical, Reason::alarm_rose); break;
        case 3: sent = p.is(Verdict::unknown, Alarm::none, Severity::info, Reason::went_blind); break;
        case 4: sent = p.well(); break;
        case 5: sent = p.say(dice(2) == 0 ? CommandKind::acknowledge : CommandKind::resolve); break;
        case 6: sent = p.silence_for(std::chrono::minutes{1 + dice(120)}); break;
        default: p.now += std::chrono::minutes{dice(60)}; sent = p.take(Wake{});
      }
      INFO("seed " << seed << " step " << step);
      if (!was_open) owed.clear();
      for (const std::string& message : sent) {
        const std::string channel = message.substr(message.find(':') + 1);
        if (message.starts_with("trigger")) {
          owed[channel] = 1;
          CHECK_FALSE((silenced && is_active(p.silence, p.now)));
        } else {
          CHECK(owed[channel] == 1);  // nobody hears the end of what he never heard of
          if (message.starts_with("resolve")) owed[channel] = 0;
        }
      }
      if (!p.incident) continue;
      if (!p.incident->open) {
        for (const auto& [channel, open] : owed) CHECK(open == 0);  // everybody told hears the end
      } else if (p.incident->plan.repeat_every) {
        CHECK(next_wake(*p.incident, p.silence).has_value());  // an escalation never goes quiet
      }
    }
  }
}
