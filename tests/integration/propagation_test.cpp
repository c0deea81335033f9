// The whole program against the AppSync stand-in: it writes through the API and hears of its own writes as
// the clients do, over a WebSocket. Connected, and nothing arrives: stale clients, a page.
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <iostream>

#include "app/commands/commands.h"
#include "app/daemon.h"
#include "server/http_server.h"
#include "tests/support/node_server.h"
#include "tests/support/receiver.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Verdict;

namespace {

net::awaitable<server::Response> nothing(server::Request) {
  co_return server::Response{};
}

struct FieldApp {
  net::io_context io;
  tests::TempDir dir;
  tests::NodeServer api{"appsync", {{"API_KEY", "da2-s3cret"}}};
  tests::Receiver receiver{io.get_executor()};
  server::HttpServer anchor{io.get_executor(), &nothing};
  runtime::HttpClient client{io.get_executor()};
  std::string text;  // of the configuration
  std::unique_ptr<app::Configured> configured;
  std::unique_ptr<app::Daemon> daemon;

  FieldApp() {
    spdlog::set_level(spdlog::level::err);
    api.start();
    text = yaml();
    configured = app::configure_text(text, "lab.yaml", config::Environment{});
    INFO(configured->loaded.faults.text());
    REQUIRE(configured->ok());
    daemon = std::make_unique<app::Daemon>(io.get_executor(), *configured, std::cout, app::DaemonHooks{});
    REQUIRE(tests::run_task(io, daemon->start()));
  }
  ~FieldApp() {
    tests::run_task(io, daemon->stop(3s));
    tests::run_task(io, anchor.stop());
    tests::run_task(io, receiver.stop());
  }
  FieldApp(const FieldApp&) = delete;
  FieldApp& operator=(const FieldApp&) = delete;

  std::string yaml() {
    const std::string anchor_place = "127.0.0.1:" + std::to_string(anchor.start("127.0.0.1:0").value());
    const std::string target = "url: \"" + api.url() + "/graphql\", auth: { api_key: da2-s3cret }";
    return "site: lab\nstore: { path: " + dir.file("deadcalm.db") +
           " }\nweb: { listen: \"127.0.0.1:0\" }\nanchors: { targets: [ { tcp: \"" + anchor_place +
           "\" } ], interval: 1s, timeout: 500ms }\n"
           "defaults:\n  page: [hook]\n  notify: [hook]\n  interval: 1s\n  timeout: 600ms\n"
           "  policy: { failure_threshold: 3, for: 1s, recheck_interval: 500ms, success_threshold: 3, "
           "recover_for: 2s, consistency: 200ms, slow_after: 300ms, loss_recheck: 500ms, blind_for: 2s, "
           "stale_after: 3s }\n"
           "services:\n  - name: field-app\n"
           "    write: { type: appsync, model: Canary, keep: 2, " +
           target + " }\n" + "    view: { type: websocket, protocol: appsync, " + target +
           ", query: \"subscription { onUpdateCanary { id token } }\", reconnect_every: 4s }\n"
           "channels:\n  - { name: hook, type: webhook, url: \"" +
           receiver.url() + "\" }\n";
  }
  model::ServiceStatus service() const { return daemon->status().services.at(0); }
  bool until(const std::function<bool()>& done, model::Millis limit = 20s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      io.restart();
      io.run_one_for(20ms);
    }
    return true;
  }
  bool becomes(Verdict verdict) {
    return until([&] { return service().verdict == verdict && service().phase != "suspect"; }, 30s);
  }
  net::awaitable<int> mode_task(std::string name) {
    runtime::HttpRequest request;
    request.method = "POST";
    request.url = api.url() + "/_control";
    request.body = R"({"mode":")" + name + R"("})";
    const auto answer = co_await client.fetch(std::move(request));
    co_return answer ? answer->status : 0;
  }
  void mode(const std::string& name) { REQUIRE(tests::run_task(io, mode_task(name)) == 200); }
};

}  // namespace

TEST_CASE("connected but nothing arrives: stale clients, a page; and its end when pushes come again") {
  FieldApp app;
  CHECK(app.becomes(Verdict::healthy));
  CHECK(app.until([&] { return app.service().signals.age == model::Age::fresh; }));
  CHECK(app.service().signals.lag == model::Lag::ok);
  CHECK(app.receiver.pages() == 0);

  app.mode("mute");
  CHECK(app.becomes(Verdict::stale_clients));
  CHECK(app.service().signals.client == model::Client::ok);
  CHECK(app.service().signals.write == model::Write::ok);
  CHECK(app.until([&] { return app.receiver.pages() == 1; }));
  CHECK(app.receiver.got.back().verdict == "stale_clients");

  app.mode("ok");
  CHECK(app.becomes(Verdict::healthy));
  CHECK(app.until([&] { return app.receiver.count("resolve") == 1; }, 30s));
}

TEST_CASE("deadcalm probe: subscribes, writes, and shows that its own token is pushed, or is not") {
  FieldApp app;
  CHECK(app.becomes(Verdict::healthy));
  std::ofstream(app.dir.file("deadcalm.yaml")) << app.text;
  const auto probe = [&] {
    std::ostringstream out, err;
    const app::GlobalFlags flags{app.dir.file("deadcalm.yaml"), "", ""};
    const int code = app::probe_once(flags, "field-app", false, out, err);
    return std::pair(code, out.str() + err.str());
  };
  const auto [code, said] = probe();
  INFO(said);
  CHECK(code == 0);
  CHECK_THAT(said, Catch::Contains("client: ok, cache: origin (pushed "));
  CHECK_THAT(said, Catch::Contains("newest token: number 3 of "));
  CHECK_THAT(said, Catch::Contains("removed   everything that was planted"));
  app.mode("mute");
  CHECK_THAT(probe().second, Catch::Contains("no token with a valid mac"));
}

TEST_CASE("the API killed: the push view fails with it, and hears again once it is back") {
  FieldApp app;
  CHECK(app.becomes(Verdict::healthy));
  CHECK(app.until([&] { return app.service().signals.age == model::Age::fresh; }));
  app.api.kill();
  CHECK(app.becomes(Verdict::visible_outage));
  CHECK(app.service().signals.client == model::Client::fail);
  app.api.start();
  CHECK(app.until([&] { return app.service().signals.client == model::Client::ok; }));
}
