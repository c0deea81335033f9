#pragma once
// A monitor over a scripted backend, view and traffic source, on the fake clock, its store in memory.
#include "monitor/look_counts.h"
#include "monitor/monitor.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "monitor/store_ledger.h"
#include "store/memory/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_backend.h"

namespace deadcalm::tests {

using namespace std::chrono_literals;
using model::Verdict;

inline const model::Secret kKey{"test-key"};

// A cache in front of the world: shows the newest record as of the last time the backend answered.
class CachedView final : public probes::View {
 public:
  CachedView(World& world, runtime::Clock& clock) : world_(world), clock_(clock) {}
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
  World& world_;
  runtime::Clock& clock_;
  std::string last_, name_ = "view";
};

// What customers commit, at a rate that changes, and what was asked about it.
struct Customers {
  std::vector<std::pair<model::WallTime, double>> rates;  // from when on, per hour
  std::optional<std::string> fails;
  std::vector<probes::CountedHour> past;
  std::vector<probes::CountWindow> asked;
  int histories = 0;

  double commits(model::WallTime from, model::WallTime to) const {
    double sum = 0;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const model::WallTime begin = std::max(from, rates[i].first);
      const model::WallTime end = i + 1 < rates.size() ? std::min(to, rates[i + 1].first) : to;
      if (end > begin) sum += rates[i].second * static_cast<double>((end - begin).count()) / 3'600'000;
    }
    return sum;
  }
};

class ScriptedSource final : public probes::CountSource {
 public:
  ScriptedSource(Customers& customers, runtime::Clock& clock) : customers_(customers), clock_(clock) {}
  net::awaitable<probes::Counted> count(probes::CountWindow window, model::SteadyTime) override {
    customers_.asked.push_back(window);
    if (customers_.fails) co_return std::unexpected(*customers_.fails);
    const model::WallTime now = clock_.now().wall;
    co_return customers_.commits(now - window.window, now);
  }
  net::awaitable<probes::CountedHours> history(model::WallTime, model::Millis, model::SteadyTime) override {
    ++customers_.histories;
    co_return customers_.past;
  }
  std::string describe(const probes::CountWindow&) const override { return "scripted"; }

 private:
  Customers& customers_;
  runtime::Clock& clock_;
};

struct Site {
  net::io_context io;
  FakeClock clock{io};
  World world;
  Customers customers;
  bool counts_traffic = false;
  model::Millis retention = 24h * 90;  // taken at boot
  std::size_t max_in_flight = 10'000;  // taken at boot
  model::Millis interval = 60s;        // of the write probe, taken at boot
  store::MemoryStore* memory = nullptr;
  std::unique_ptr<store::StoreThread> store;
  std::unique_ptr<monitor::StoreLedger> ledger;
  runtime::HttpClient client{io.get_executor()};
  std::unique_ptr<monitor::Monitor> monitor;
  std::vector<model::Transition> transitions;
  std::vector<model::Millis> starts;  // of looks: how late
  int pokes = 0;
  model::CacheClass cache_when_down = model::CacheClass::stale_on_error;  // taken at boot

  using MakeView = std::function<std::unique_ptr<probes::View>(Site&)>;
  MakeView make_view;  // empty: the cached one

  explicit Site(bool with_traffic = false, MakeView view = nullptr)
      : counts_traffic(with_traffic), make_view(std::move(view)) {
    // Four weeks of sixty commits an hour, and they go on.
    const model::WallTime now = std::chrono::floor<std::chrono::hours>(clock.now().wall);
    customers.rates = {{now - 24h * 28, 60}};
    for (int hour = 24 * 28; hour > 0; --hour) customers.past.push_back({now - hour * 1h, 60});
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
    plan.retention = retention;
    plan.max_in_flight = max_in_flight;
    plan.anchors = std::make_unique<probes::Anchors>(std::vector<probes::AnchorTarget>{}, 1s, clock, client,
                                                     std::set<std::string>{});
    monitor::ServicePlan service;
    service.name = "orders";
    service.policy.service = "orders";
    service.policy.has_anchors = false;
    service.policy.writes = {{"write", stream.name, interval, std::min<model::Millis>(interval, 10s)}};
    service.policy.views = {{"view", 60s, 10s}};
    monitor::WritePlan write;
    write.interval = interval;
    write.probe = std::make_unique<probes::WriteProbe>(
        probes::WriteProbeOptions{"orders", "write", 10s, 5s, 5s},
        probes::WriteProbeDeps{clock, *ledger, kKey, std::make_unique<ScriptedBackend>(world, clock),
                               nullptr},
        stream, memory->records().value());
    service.writes.push_back(std::move(write));
    auto cached = std::make_unique<CachedView>(world, clock);
    cached->cache_when_down = cache_when_down;
    std::unique_ptr<probes::View> view = std::move(cached);
    if (make_view) view = make_view(*this);
    service.views.push_back({std::move(view), 60s});
    if (counts_traffic) {
      service.policy.traffic = evaluator::CountSource{"committed", 60s};
      service.traffic =
          monitor::TrafficPlan{std::make_unique<ScriptedSource>(customers, clock), 60s, 10s, 5min};
    }
    plan.services.push_back(std::move(service));
    monitor = std::make_unique<monitor::Monitor>(
        std::move(plan),
        monitor::MonitorDeps{io.get_executor(), clock, *store, [this] { ++pokes; }, nullptr,
                             [this](const model::Transition& t) { transitions.push_back(t); }, nullptr,
                             nullptr, [this](model::Millis late) { starts.push_back(late); }});
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
  // From now on customers commit so much an hour.
  void customers_commit(double per_hour) { customers.rates.emplace_back(clock.now().wall, per_hour); }
  model::TrafficStatus traffic() const { return monitor->status().services[0].traffic.value(); }
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

}  // namespace deadcalm::tests
