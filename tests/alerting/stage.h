#pragma once
// A whole Alerting on a fake clock, a store in memory and senders whose answers the test chooses.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <functional>

#include "alerting/alerting.h"
#include "store/memory/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace deadcalm::tests {

// A store that outlives its thread, so that a test can restart what runs on it.
class BorrowedStore final : public store::Store {
 public:
  explicit BorrowedStore(store::MemoryStore& inner, std::atomic<int>& calls) : s_(inner), calls_(calls) {}
  model::Result<void> commit(const store::Batch& b) override { return ++calls_, s_.commit(b); }
  std::vector<model::Result<void>> commit_group(const std::vector<const store::Batch*>& b) override {
    return ++calls_, s_.commit_group(b);
  }
  model::Result<store::Identity> identity() override { return s_.identity(); }
  model::Result<std::vector<model::Stream>> streams() override { return s_.streams(); }
  model::Result<std::vector<model::Record>> records() override { return s_.records(); }
  model::Result<std::vector<store::Document>> documents(const std::string& k) override {
    return s_.documents(k);
  }
  model::Result<std::vector<store::InboxItem>> inbox_after(std::int64_t id, int n) override {
    return s_.inbox_after(id, n);
  }
  model::Result<std::int64_t> cursor(const std::string& name) override { return s_.cursor(name); }
  model::Result<std::vector<store::IncidentRow>> incidents(bool open) override { return s_.incidents(open); }
  model::Result<std::vector<store::PageRow>> unsent_pages() override { return s_.unsent_pages(); }
  model::Result<int> prune(model::WallTime before, int limit) override { return s_.prune(before, limit); }

 private:
  store::MemoryStore& s_;
  std::atomic<int>& calls_;
};

struct Stage;

// Takes everything, unless told what to answer next; hangs while `hangs`.
class RecordingSender final : public alerting::Sender {
 public:
  RecordingSender(Stage& stage, std::string name) : stage_(stage), name_(std::move(name)) {}
  net::awaitable<alerting::SendResult> send(alerting::Delivery delivery) override;
  bool can_update() const override { return updates; }
  const alerting::RetryTable& retries() const override { return table; }

  std::deque<alerting::SendResult> answers;      // the next ones, then accepted
  std::function<alerting::SendResult()> always;  // instead of accepted
  bool updates = false;
  bool hangs = false;
  alerting::RetryTable table{.delays = {std::chrono::seconds{10}}};

 private:
  Stage& stage_;
  std::string name_;
};

struct Stage {
  // "<seconds since start> <kind>:<channel> <title>" of every attempt.
  struct Sent {
    model::Millis at;
    std::string channel;
    alerting::Delivery delivery;
  };

  net::io_context io;
  FakeClock clock{io};
  model::Instant start_at = clock.now();
  store::MemoryStore memory;
  std::atomic<int> store_calls = 0;
  std::unique_ptr<store::StoreThread> store;
  alerting::Routes routes;
  std::map<std::string, RecordingSender*> senders;
  std::unique_ptr<alerting::Alerting> alerting;
  std::vector<Sent> sent;
  double random = 0.999999;

  explicit Stage(std::vector<std::string> channels = {"pager", "slack"}) {
    routes.site = "fra1";
    routes.instance = "test0001";
    routes.channels = channels;
    routes.page.channels = channels;
    routes.notify = {channels.back()};
    alerting::ServiceRoute orders;
    orders.name = "orders";
    orders.page = routes.page;
    orders.notify = routes.notify;
    routes.services = {orders};
  }
  ~Stage() { down(); }

  void build() {
    store = std::make_unique<store::StoreThread>(std::make_unique<BorrowedStore>(memory, store_calls));
    std::vector<alerting::Channel> channels;
    auto before = std::exchange(senders, {});
    for (const std::string& name : routes.channels) {
      auto sender = std::make_unique<RecordingSender>(*this, name);
      senders[name] = sender.get();
      channels.push_back({name, "recording", std::move(sender)});
    }
    alerting =
        std::make_unique<alerting::Alerting>(alerting::AlertingDeps{.executor = io.get_executor(),
                                                                    .clock = clock,
                                                                    .store = *store,
                                                                    .routes = routes,
                                                                    .channels = std::move(channels),
                                                                    .random = [this] { return random; }});
  }
  void go() {
    const auto restored = run_task(io, alerting->restore());
    if (!restored) throw std::runtime_error(restored.error().message);
    alerting->start();
    settle();
  }
  void up() {
    build();
    go();
  }
  void down() {
    if (!alerting) return;
    run_task(io, alerting->stop(model::Millis{0}));
    alerting.reset();
    store.reset();
  }

  // Runs until nobody does anything any more: neither the loop nor the store's thread.
  void settle() {
    for (int quiet = 0; quiet < 3;) {
      io.restart();
      std::size_t ran = 0;
      while (const std::size_t n = io.poll()) ran += n;
      const int calls = store_calls;
      const auto nothing = [](store::Store&) { return 0; };
      run_task(io, store->read(nothing));  // everything asked of the store before is done now
      quiet = ran == 0 && calls == store_calls ? quiet + 1 : 0;
    }
  }
  // Moves time in steps that no timer of the engine is longer than it may be late by.
  void wait(model::Millis d, model::Millis step = std::chrono::seconds{1}) {
    for (model::Millis done{0}; done < d; done += step) {
      clock.advance(std::min(step, d - done));
      settle();
    }
  }

  void commit(store::Batch batch) {
    run_task(io, store->commit(std::move(batch)));
    alerting->poke();
    settle();
  }
  void happens(model::Verdict to, model::Alarm alarm, model::Severity severity = model::Severity::error,
               model::Reason reason = model::Reason::confirmed, const std::string& service = "orders") {
    model::Transition t;
    t.subject = {false, service};
    t.at = clock.now();
    t.to = to;
    t.alarm = alarm;
    t.severity = severity;
    t.reason = reason;
    t.evidence.since = clock.now().wall;
    store::Batch batch;
    batch.transitions.push_back(t);
    commit(std::move(batch));
  }
  void outage() { happens(model::Verdict::backend_outage, model::Alarm::page); }
  void well() {
    happens(model::Verdict::healthy, model::Alarm::none, model::Severity::info, model::Reason::recovered);
  }
  void say(model::CommandKind kind, model::Millis length = model::Millis{0},
           const std::string& service = "orders") {
    model::Command c;
    c.kind = kind;
    c.service = service;
    c.author = "on-call";
    c.at = clock.now().wall;
    if (length.count() > 0) c.until = c.at + length;
    store::Batch batch;
    batch.commands.push_back(c);
    commit(std::move(batch));
  }

  // "kind:channel" of every attempt since the last time it was asked; nothing may be left unasked at the end.
  std::vector<std::string> heard() {
    std::vector<std::string> out;
    for (; asked_ < sent.size(); ++asked_) {
      out.push_back(std::string(model::name(sent[asked_].delivery.page.kind)) + ':' + sent[asked_].channel);
    }
    return out;
  }

 private:
  std::size_t asked_ = 0;
};

inline net::awaitable<alerting::SendResult> RecordingSender::send(alerting::Delivery delivery) {
  stage_.sent.push_back({stage_.clock.now().steady - stage_.start_at.steady, name_, std::move(delivery)});
  if (hangs) co_await stage_.clock.sleep_for(std::chrono::hours{1000});
  alerting::SendResult result = always ? always() : alerting::Accepted{"ref"};
  if (!answers.empty()) {
    result = answers.front();
    answers.pop_front();
  }
  co_return result;
}

}  // namespace deadcalm::tests
