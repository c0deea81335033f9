#include "tests/integration/lab.h"

#include <spdlog/spdlog.h>

#include "monitor/traffic_json.h"
#include "store/sqlite/sqlite_store.h"

#include <catch2/catch.hpp>
#include <iostream>

namespace deadcalm::tests {

using namespace std::chrono_literals;

namespace {

net::awaitable<server::Response> nothing(server::Request) {
  co_return server::Response{};
}

// nginx asks its origin each second at most; a second server of the same address is refused, so the
// API keeps its port through stop and start.
constexpr const char* kTables =
    "drop table if exists canaries; create table canaries (id text primary key, note text, at timestamptz "
    "default clock_timestamp());"
    "drop table if exists orders; create table orders (at timestamptz default clock_timestamp());"
    "drop schema if exists deadcalm cascade";

}  // namespace

PostgresServer& Lab::postgres() {
  static PostgresServer server;
  static const bool started = [] {
    server.start();
    server.sql("create role api login; grant all on schema public to api");
    return true;
  }();
  (void)started;
  return server;
}

Lab::Lab(LabOptions given)
    : options(std::move(given)),
      api(io.get_executor(), postgres().dsn("api")),
      receiver(io.get_executor()),
      customer_(io.get_executor()),
      shoppers_(io.get_executor()) {
  spdlog::set_level(spdlog::level::err);
  postgres().sql(kTables);
  postgres().sql("alter table canaries owner to api; alter table orders owner to api");
  api.start();
  if (options.varnish) {
    varnish = std::make_unique<Varnish>(api.port());
  } else {
    nginx = std::make_unique<Nginx>(api.port(), options.cache_names_itself);
  }
  start_anchor();
  if (options.traffic) {
    remember_weeks_of_traffic();
    shop_closed_ = false;
    net::co_spawn(io, customers(), [this](std::exception_ptr) { shop_closed_ = true; });
    customers_order(true);
  }
  boot();
  // The apps read what the API wrote, so their view shows tokens only where the API is written through.
  const auto seen = [&] { return options.write != "http" || service().signals.age == model::Age::fresh; };
  const bool healthy = reaches(model::Verdict::healthy) && until(seen);
  INFO(server::services_json(daemon->status()));
  CHECK(healthy);  // not REQUIRE: what was started has to be stopped
}

Lab::~Lab() {
  closing_ = true;
  until([this] { return shop_closed_; });
  shut_down();
  stop_api();
  if (anchor) stop_anchor();
  wait(receiver.stop());
}

// Time in the lab is real, so what would be learnt in weeks is put into the store.
void Lab::remember_weeks_of_traffic() const {
  evaluator::TrafficHistory history;
  history.hours.fill(4);
  history.commits.fill(4 * 36'000.0);
  history.windows = 2'000;
  history.surprise = 2'000;
  history.learnt_until = runtime::SystemClock{}.now().wall;
  history.began = *history.learnt_until - std::chrono::hours{24 * 28};
  store::Batch batch;
  batch.documents = {{"traffic", "orders", monitor::to_json(history)}};
  const auto store = store::open_sqlite(dir.file("deadcalm.db"));
  REQUIRE(store.value()->commit(batch));
}

net::awaitable<void> Lab::customers() {
  runtime::SystemClock clock;
  while (!closing_) {
    if (ordering) {
      runtime::HttpRequest order;
      order.method = "POST";
      order.url = "http://127.0.0.1:" + std::to_string(api.port()) + "/orders";
      order.timeout = 500ms;
      (void)co_await shoppers_.fetch(std::move(order));
    }
    co_await clock.sleep_for(100ms);
  }
}

void Lab::start_anchor() {
  anchor = std::make_unique<server::HttpServer>(io.get_executor(), &nothing);
  anchor_port = anchor->start("127.0.0.1:" + std::to_string(anchor_port)).value();
}

std::string Lab::front_url(const std::string& path) const {
  return varnish ? varnish->url(path) : nginx->url(path);
}

std::string Lab::yaml() const {
  std::string write = "{ type: http, resource: \"http://127.0.0.1:" + std::to_string(api.port()) +
                      "/canaries\", json: { note: \"${canary.token}\" }, auth: { bearer: the-canary-key }";
  if (options.read_from) {
    write += ", read_from: { type: postgres, dsn: \"" + postgres().dsn() +
             "\", query: \"select note from canaries where id = $1\" }";
  }
  write += " }";
  if (options.write == "postgres") write = "{ type: postgres, dsn: \"" + postgres().dsn() + "\" }";
  const std::string traffic = options.traffic
                                  ? "    traffic: { type: sql, window: 2s, dsn: \"" + postgres().dsn() +
                                        "\", query: \"select count(*) from orders where at > ${since}\" }\n"
                                  : "";
  return "site: lab\nstore: { path: " + dir.file("deadcalm.db") + " }\nweb: { listen: \"127.0.0.1:0\" }\n" +
         "anchors: { targets: [ { tcp: \"127.0.0.1:" + std::to_string(anchor_port) +
         "\" } ], interval: 1s, timeout: 500ms }\n" +
         "defaults:\n  page: [hook]\n  notify: [hook]\n  interval: 1s\n  timeout: 600ms\n" +
         "  policy: { failure_threshold: 3, for: " + options.for_duration +
         ", recheck_interval: 500ms, success_threshold: 3, recover_for: 2s, consistency: 200ms, slow_after: "
         "300ms, " +
         "loss_recheck: 500ms, blind_for: 2s" +
         (options.policy_extra.empty() ? "" : ", " + options.policy_extra) + " }\n" +
         "services:\n  - name: orders\n    write:\n      - " + write +
         "\n    view:\n      - { type: http, url: \"" + front_url("/canaries") + "\" }\n" + traffic +
         "channels:\n  - { name: hook, type: webhook, url: \"" + receiver.url() + "\" }\n";
}

void Lab::boot() {
  configured = app::configure_text(yaml(), "lab.yaml", config::Environment{});
  INFO(configured->loaded.faults.text());
  REQUIRE(configured->ok());
  app::DaemonHooks hooks;
  hooks.on_transition = [this](const model::Transition& t) { transitions.push_back(t); };
  daemon = std::make_unique<app::Daemon>(io.get_executor(), *configured, std::cout, hooks);
  const auto started = wait(daemon->start());
  INFO((started ? "" : started.error().message));
  REQUIRE(started);
}

void Lab::shut_down() {
  if (!daemon) return;
  wait(daemon->stop(3s));
  daemon.reset();
}

bool Lab::until(const std::function<bool()>& done, model::Millis limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    io.restart();
    io.run_one_for(20ms);
  }
  return true;
}

void Lab::pass(model::Millis time) {
  until([] { return false; }, time);
}

bool Lab::reaches(model::Verdict wanted, model::Millis limit) {
  return until([&] { return verdict() == wanted && service().phase != "suspect"; }, limit);
}

int Lab::get(const std::string& url) {
  runtime::HttpRequest request;
  request.url = url;
  request.timeout = 2s;
  const auto answer = wait(customer_.fetch(std::move(request)));
  return answer ? answer->status : 0;
}

void Lab::tell(model::CommandKind kind) {
  model::Command command;
  command.kind = kind;
  command.service = "orders";
  command.author = "test";
  REQUIRE(wait(daemon->tell(std::move(command))));
}

int Lab::own_records() {
  const std::string table = options.write == "postgres" ? "deadcalm.canaries" : "canaries";
  return std::stoi(postgres().sql("select count(*) from " + table));
}

// Asking the database holds up the loop that the daemon runs on, so it is left to run in between.
bool Lab::leaves_at_most(int records) {
  for (int i = 0; i < 40; ++i) {
    if (own_records() <= records) return true;
    pass(230ms);
  }
  return false;
}

model::Millis Lab::expect_outage(model::Verdict first, model::Verdict then) {
  const auto started = std::chrono::steady_clock::now();
  const bool paged = until([&] { return receiver.pages() > 0; });
  const auto took = std::chrono::duration_cast<model::Millis>(std::chrono::steady_clock::now() - started);
  INFO("verdict " << model::name(verdict()) << ", phase " << service().phase << ", write "
                  << model::name(service().signals.write) << ": " << service().writes[0].detail);
  REQUIRE(paged);
  const std::string told = receiver.got.back().verdict;
  CHECK((told == model::name(first) || told == model::name(then)));
  CHECK(reaches(then));
  pass(3s);  // long enough for a second page to come, were one wrongly made
  CHECK(receiver.pages() == 1);
  CHECK(cdn_get() == 200);
  return took;
}

void Lab::expect_one_resolve() {
  const bool resolved =
      until([&] { return receiver.count("resolve") > 0 && verdict() == model::Verdict::healthy; }, 30s);
  INFO("verdict " << model::name(verdict()) << ", phase " << service().phase << ", signals: write "
                  << model::name(service().signals.write) << " read_back "
                  << model::name(service().signals.read_back) << " sentinel "
                  << model::name(service().signals.sentinel) << " age " << model::name(service().signals.age)
                  << " lag " << model::name(service().signals.lag) << "; " << service().writes[0].detail);
  REQUIRE(resolved);
  pass(2s);
  CHECK(receiver.count("resolve") == 1);
  CHECK(receiver.got.back().type == "resolve");
  CHECK(leaves_at_most(1));
}

}  // namespace deadcalm::tests
