// The victim of crash_test.cpp: a whole Alerting on a real SQLite store. It plays a script of
// transitions, each committed together with its progress, so that a new life goes on where the last ended.
//   alerting_crash_child <store> <port of the receivers> <seed>
// Ends with 0 when the script is over and every page was taken.
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <random>

#include "alerting/alerting.h"
#include "alerting/senders/webhook/webhook.h"
#include "store/sqlite/sqlite_store.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

// The real sender with a retry table for the impatient.
class HastyWebhook final : public alerting::Sender {
 public:
  HastyWebhook(std::string url, runtime::HttpClient& client) : inner_({std::move(url), {}}, client) {}
  net::awaitable<alerting::SendResult> send(alerting::Delivery d) override {
    return inner_.send(std::move(d));
  }
  bool can_update() const override { return true; }
  const alerting::RetryTable& retries() const override { return table_; }

 private:
  alerting::Webhook inner_;
  alerting::RetryTable table_{.delays = {20ms}};
};

model::Transition says(const std::string& service, model::Verdict to, model::Alarm alarm,
                       model::Reason reason) {
  model::Transition t;
  t.subject = {false, service};
  t.to = to;
  t.alarm = alarm;
  t.severity = model::Severity::error;
  t.reason = reason;
  return t;
}

std::vector<model::Transition> script() {
  using enum model::Verdict;
  const auto page = model::Alarm::page, none = model::Alarm::none;
  return {says("orders", backend_outage, page, model::Reason::confirmed),
          says("stock", backend_outage, page, model::Reason::confirmed),
          says("orders", masked_outage, page, model::Reason::label_changed),
          says("orders", healthy, none, model::Reason::recovered),
          says("orders", visible_outage, page, model::Reason::confirmed),
          says("stock", healthy, none, model::Reason::recovered),
          says("orders", healthy, none, model::Reason::recovered)};
}

struct Life {
  net::io_context io;
  runtime::SystemClock clock;
  store::StoreThread store;
  runtime::HttpClient client{io.get_executor()};
  std::mt19937 random;
  std::unique_ptr<alerting::Alerting> alerting;

  Life(std::unique_ptr<store::Store> s, const std::string& port, unsigned seed)
      : store(std::move(s)), random(seed) {
    alerting::Routes routes;
    routes.site = "test";
    routes.instance = "crash001";
    routes.channels = {"a", "b"};
    std::vector<alerting::Channel> channels;
    for (const std::string& name : routes.channels) {
      const std::string url = "http://127.0.0.1:" + port + '/' + name;
      channels.push_back({name, "webhook", std::make_unique<HastyWebhook>(url, client)});
    }
    for (const char* name : {"orders", "stock"}) {
      alerting::ServiceRoute service;
      service.name = name;
      service.page.channels = routes.channels;
      routes.services.push_back(service);
    }
    alerting = std::make_unique<alerting::Alerting>(
        alerting::AlertingDeps{io.get_executor(), clock, store, routes, std::move(channels),
                               [this] { return std::uniform_real_distribution<>(0.0, 1.0)(random); }});
  }

  net::awaitable<void> live() {
    const auto restored = co_await alerting->restore();
    if (!restored) throw std::runtime_error(restored.error().message);
    alerting->start();
    const auto steps = script();
    const auto read_progress = [](store::Store& s) { return s.documents("crash_script"); };
    const auto progress = co_await store.read(read_progress);
    std::size_t next = progress->empty() ? 0 : std::stoul(progress->front().text);
    for (; next < steps.size(); ++next) {
      store::Batch batch;
      batch.transitions.push_back(steps[next]);
      batch.documents.push_back({"crash_script", "next", std::to_string(next + 1)});
      const auto committed = co_await store.commit(std::move(batch));
      if (!committed) throw std::runtime_error(committed.error().message);
      alerting->poke();
      const model::Millis pause{static_cast<int>(random() % 12)};
      co_await clock.sleep_for(pause);
    }
    const auto read_cursor = [](store::Store& s) { return s.cursor("alerting"); };
    for (;;) {
      const auto cursor = co_await store.read(read_cursor);
      const alerting::Status status = alerting->status();
      if (*cursor == static_cast<std::int64_t>(steps.size()) && status.queued + status.sending == 0) break;
      co_await clock.sleep_for(2ms);
    }
    co_await alerting->stop(1s);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  spdlog::set_level(spdlog::level::off);
  auto store = store::open_sqlite(argv[1]);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 3;
  }
  Life life(*std::move(store), argv[2], static_cast<unsigned>(std::stoul(argv[3])));
  int code = 0;
  net::co_spawn(life.io, life.live(), [&](const std::exception_ptr& error) {
    if (!error) return;
    code = 4;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    std::_Exit(code);
  });
  life.io.run();
  return code;
}
