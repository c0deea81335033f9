// The loop over scripted backends and views, on the fake clock: due -> look -> evaluate -> commit.
#include "monitor/monitor.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "monitor/store_ledger.h"
#include "store/memory/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_backend.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Verdict;

namespace {

const model::Secret kKey{"test-key"};

// A cache in front of the world: shows the newest record as of the last time the backend answered.
class CachedView final : public probes::View {
 public:
  CachedView(tests::World& world, runtime::Clock& clock) : world_(world), clock_(clock) {}
  net::awaitable<model::Observation> look() override {
    model::Observation o;
    o.service = "orders";
    o.probe = "view";
    o.started = o.ended = clock_.now();
    model::ViewLook look;
    look.client = model::Client::ok;
    look.http_status = 200;
    look.cache = world_.read_fails ? cache_when_down : model::CacheClass::origin;
    if (!world_.read_fails && !world_.records.empty()) last_ = world_.records.begin()->second;
    if (const auto token = model::decode(last_, kKey))
      look.newest = model::SeenToken{token->stream, token->seq, token->written};
    o.look = look;
    co_return o;
  }
  const std::string& name() const override { return name_; }
  model::CacheClass cache_when_down = model::CacheClass::stale_on_error;

 private:
  tests::World& world_;
  runtime::Clock& clock_;
  std::string last_, name_ = "view";
};

struct Site {
  net::io_context io;
  tests::FakeClock clock{io};
  tests::World world;
  store::MemoryStore* memory = nullptr;
  std::unique_ptr<store::StoreThread> store;
  std::unique_ptr<monitor::StoreLedger> ledger;
  runtime::HttpClient client{io.get_executor()};
  std::unique_ptr<monitor::Monitor> monitor;
  std::vector<model::Transition> transitions;
  int pokes = 0;
  model::CacheClass cache_when_down = model::CacheClass::stale_on_error;  // taken at boot

  Site() {
    auto owned = std::make_unique<store::MemoryStore>();
    memory = owned.get();
    store = std::make_unique<store::StoreThread>(std::move(owned));
    ledger = std::make_unique<monitor::StoreLedger>(*store);
    boot();
  }
  ~Site() { shut_down(); }

  void boot() {
    const auto streams = memory->streams().value();
    model::Stream stream{"t1-orders", "orders", "write", "t", 1, false, true, ""};
    if (!streams.empty()) stream = streams[0];
    monitor::Plan plan;
    plan.site = "test";
    plan.anchors = std::make_unique<probes::Anchors>(std::vector<probes::AnchorTarget>{}, 1s, clock, client,
                                                     std::set<std::string>{});
    monitor::ServicePlan service;
    service.name = "orders";
    service.policy.service = "orders";
    service.policy.has_anchors = false;
    service.policy.writes = {{"write", stream.name, 60s, 10s}};
    service.policy.views = {{"view", 60s, 10s}};
    monitor::WritePlan write;
    write.interval = 60s;
    write.probe = std::make_unique<probes::WriteProbe>(
        probes::WriteProbeOptions{"orders", "write", 10s, 5s, 5s},
        probes::WriteProbeDeps{clock, *ledger, kKey, std::make_unique<tests::ScriptedBackend>(world, clock),
                               nullptr},
        stream, memory->records().value());
    service.writes.push_back(std::move(write));
    auto view = std::make_unique<CachedView>(world, clock);
    view->cache_when_down = cache_when_down;
    service.views.push_back({std::move(view), 60s});
    plan.services.push_back(std::move(service));
    monitor = std::make_unique<monitor::Monitor>(
        std::move(plan),
        monitor::MonitorDeps{io.get_executor(), clock, *store, [this] { ++pokes; }, nullptr,
                             [this](const model::Transition& t) { transitions.push_back(t); }, nullptr,
                             nullptr});
    wait(monitor->restore());
    monitor->start();
    settle();
  }
  void shut_down() {
    bool done = false;
    net::co_spawn(io, monitor->stop(1s), [&](std::exception_ptr) { done = true; });
    for (int i = 0; i < 1000 && !done; ++i) run(10ms);
    REQUIRE(done);
    monitor.reset();
  }
  template <class T>
  void wait(net::awaitable<T> task) {
    bool done = false;
    net::co_spawn(io, std::move(task), [&](std::exception_ptr e, T) {
      REQUIRE_FALSE(e);
      done = true;
    });
    while (!done) settle();
  }
  // Runs what is ready, the store's thread included.
  void settle() {
    do {
      io.restart();
      while (io.poll() > 0) {
      }
      if (store->pending() > 0) io.run_one_for(100ms);
    } while (store->pending() > 0);
  }
  void run(model::Millis time) {
    for (model::Millis spent{0}; spent < time; spent += 50ms) {
      clock.advance(50ms);
      settle();
    }
  }
  Verdict verdict() const { return monitor->status().services[0].verdict; }
  void tell(model::CommandKind kind) {
    model::Command command;
    command.kind = kind;
    command.service = "orders";
    store::Batch batch;
    batch.commands = {command};
    REQUIRE(memory->commit(batch));
  }
};

}  // namespace

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
