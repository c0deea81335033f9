// The propagation view under the real evaluator and monitor, on the fake clock: what reaches clients by
// pushes.
#include "probes/view/websocket/raw.h"
#include "probes/view/websocket/websocket_view.h"
#include "tests/monitor/site.h"
#include "tests/support/scripted_websocket.h"

using namespace deadcalm;
using namespace deadcalm::tests;
using model::Lag;

namespace {

struct Pushed {
  PushServer server;  // outlives the site
  config::Environment environment;
  bool mute = false;
  Site site{false, [this](Site& s) { return view(s); }};
  std::string told;

  std::unique_ptr<probes::View> view(Site& s) {
    namespace ws = probes::websocket;
    ws::RawSubscription subscription;
    subscription.url = "wss://push.example.com/";
    subscription.send = {"SUB canaries"};
    subscription.acknowledged_text = "ACK";
    ws::WebSocketViewOptions options;
    options.protocol = [subscription] { return std::make_unique<ws::Raw>(subscription); };
    const probes::ViewDeps deps{s.clock, s.client, s.io.get_executor(), "t1", kKey, nullptr, &environment};
    return std::make_unique<ws::WebSocketView>(probes::ViewPlace{"orders", "view", 10s}, options, deps,
                                               std::make_unique<ScriptedOpener>(server, s.clock));
  }
  // Each second what was written since is pushed, unless the server is mute.
  void run(model::Millis time) {
    for (model::Millis spent{0}; spent < time; spent += 1s) {
      site.run(1s);
      if (site.world.records.empty()) continue;
      const std::string& newest = site.world.records.rbegin()->second;
      if (newest != told && !mute) server.push(newest);
      told = newest;
    }
  }
  // What was told since the service first proved itself.
  std::vector<Verdict> news() const {
    std::vector<Verdict> verdicts;
    for (const model::Transition& t : site.transitions) verdicts.push_back(t.to);
    REQUIRE(verdicts.at(0) == Verdict::healthy);
    verdicts.erase(verdicts.begin());
    return verdicts;
  }
  model::Signals signals() const { return site.monitor->status().services[0].signals; }
};

}  // namespace

TEST_CASE("what we write is pushed to clients: healthy, with new data, from no cache") {
  Pushed pushed;
  pushed.run(30min);
  CHECK(pushed.site.verdict() == Verdict::healthy);
  CHECK(pushed.signals().lag == Lag::ok);
  CHECK(pushed.signals().age == model::Age::fresh);
  CHECK(pushed.signals().client == model::Client::ok);
  CHECK(pushed.news().empty());
  CHECK(pushed.server.opened >= 3);  // a new session every ten minutes: nothing is missed between them
}

TEST_CASE("connected but nothing arrives: stale clients, from a working push and from the first minute on") {
  const bool worked_before = GENERATE(true, false);
  Pushed pushed;
  pushed.mute = !worked_before;
  pushed.run(worked_before ? 10min : 2min);
  CHECK(pushed.site.verdict() == Verdict::healthy);
  pushed.mute = true;
  pushed.run(10min);
  CHECK(pushed.server.open.size() == 1);  // connected, all the time
  CHECK(pushed.signals().client == model::Client::ok);
  CHECK(pushed.signals().write == model::Write::ok);
  CHECK(pushed.signals().lag == Lag::behind);
  CHECK(pushed.site.verdict() == Verdict::stale_clients);
  CHECK(pushed.news() == std::vector{Verdict::stale_clients});

  pushed.mute = false;
  pushed.run(15min);
  CHECK(pushed.signals().lag == Lag::ok);
  CHECK(pushed.site.verdict() == Verdict::healthy);
  CHECK(pushed.news() == std::vector{Verdict::stale_clients, Verdict::healthy});
}

TEST_CASE("a server that closes every session now and then, as a deploy does, makes nobody stale") {
  Pushed pushed;
  for (int hour = 0; hour < 4; ++hour) {
    pushed.run(13min);
    pushed.server.end(1001, "going away");
    pushed.run(2min);
  }
  CHECK(pushed.news().empty());
  CHECK(pushed.site.verdict() == Verdict::healthy);
}

TEST_CASE("writes work and nobody can connect: the clients' path alone is out") {
  Pushed pushed;
  pushed.run(5min);
  pushed.server.declines = runtime::WebSocketFailure{runtime::WebSocketFault::connect, "Connection refused"};
  pushed.server.cut();
  pushed.run(5min);
  CHECK(pushed.signals().client == model::Client::fail);
  CHECK(pushed.site.verdict() == Verdict::visible_outage);
  pushed.server.declines.reset();
  pushed.run(15min);
  CHECK(pushed.site.verdict() == Verdict::healthy);
}

TEST_CASE("monitor restarted: canaries that were pushed to nobody are not missed") {
  Pushed pushed;
  pushed.run(10min);
  pushed.site.shut_down();
  CHECK(pushed.server.open.empty());
  pushed.site.clock.step_steady(1h);
  pushed.site.boot();
  pushed.run(10min);
  CHECK(pushed.news().empty());
  CHECK(pushed.signals().lag == Lag::ok);
}
