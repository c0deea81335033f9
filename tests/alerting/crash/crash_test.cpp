// The promise of the outbox, against kill -9: for every receiver and every trigger
//   1 <= received <= 1 + crashes + ambiguous answers,
// under one id, first in its incident, and the resolve last. The victim is killed at a random moment of its
// life, when a request of its arrives, or when the answer has just left.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <boost/asio/steady_timer.hpp>
#include <boost/json/parse.hpp>

#include "runtime/clock.h"
#include "server/http_server.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;

extern char** environ;

namespace {

constexpr int kRuns = 120;
constexpr int kMostCrashes = 4;

struct Received {
  std::string kind, id;
};

struct Run {
  explicit Run(unsigned seed) : random(seed) {}
  ~Run() {
    end_life();
    tests::run_task(io, server.stop());
  }

  net::io_context io;
  runtime::SystemClock clock;
  std::mt19937 random;
  tests::TempDir folder;
  pid_t child = -1;
  int crashes = 0, ambiguous = 0;
  int kill_at_request = 0;  // counts down; 0: no
  bool kill_before_answer = false;
  std::map<std::string, std::vector<Received>> incidents;  // "<channel> <dedup_key>"
  server::HttpServer server{io.get_executor(), [this](server::Request r) { return take(std::move(r)); }};
  std::string port = std::to_string(server.start("127.0.0.1:0").value());

  int dice(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

  void crash() {
    if (child < 0) return;
    ::kill(child, SIGKILL);
    ++crashes;
  }
  void end_life() {
    if (child < 0) return;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    child = -1;
  }

  net::awaitable<server::Response> take(server::Request request) {
    const auto body = boost::json::parse(request.body).as_object();
    const auto& data = body.at("data").as_object();
    const std::string key = request.path.substr(1) + ' ' + std::string(data.at("dedup_key").as_string());
    incidents[key].push_back(
        {std::string(body.at("type").as_string()).substr(9), *request.header("webhook-id")});
    server::Response response;
    response.status = 204;
    if (dice(12) == 0) {  // received, and the answer lost
      ++ambiguous;
      response.drop_connection = true;
    }
    const bool now = kill_at_request > 0 && --kill_at_request == 0;
    if (now && kill_before_answer) crash();
    if (now && !kill_before_answer) {
      // The answer is on its way when this function returns: a moment later is between answer and record.
      auto timer = std::make_shared<net::steady_timer>(io, std::chrono::microseconds(dice(3000)));
      timer->async_wait([this, timer, victim = child](boost::system::error_code) {
        if (victim == child) crash();
      });
    }
    co_return response;
  }

  // One life of the victim; true: it came to its end by itself.
  bool live() {
    std::string program = CRASH_CHILD, path = folder.file("deadcalm.db"), seed = std::to_string(random());
    char* argv[] = {program.data(), path.data(), port.data(), seed.data(), nullptr};
    REQUIRE(::posix_spawn(&child, program.c_str(), nullptr, nullptr, argv, environ) == 0);
    kill_at_request = 0;
    auto until = std::chrono::steady_clock::now() + 20s;
    const bool may_die = crashes < kMostCrashes;
    const int way = may_die ? dice(3) : -1;
    if (way == 0) until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20 + dice(120));
    if (way == 1 || way == 2) kill_at_request = 1 + dice(4);
    kill_before_answer = way == 1;
    int status = 0;
    for (;;) {
      io.restart();
      io.run_for(1ms);
      if (::waitpid(child, &status, WNOHANG) == child) break;
      if (std::chrono::steady_clock::now() < until) continue;
      REQUIRE(way == 0);  // else it hangs
      crash();
      ::waitpid(child, &status, 0);
      break;
    }
    child = -1;
    io.restart();
    io.run_for(2ms);  // what it had sent before it died
    if (WIFSIGNALED(status)) return false;
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
    return true;
  }
};

void check(const Run& run) {
  CHECK(run.incidents.size() == 6);  // two incidents of orders, one of stock, two receivers each
  for (const auto& [key, messages] : run.incidents) {
    INFO(key);
    std::map<std::string, int> received;  // by id
    std::set<std::string> triggers;
    for (const Received& message : messages) {
      ++received[message.id];
      if (message.kind == "trigger") triggers.insert(message.id);
    }
    CHECK(triggers.size() == 1);
    for (const auto& [id, n] : received) CHECK(n <= 1 + run.crashes + run.ambiguous);
    CHECK(messages.front().kind == "trigger");
    CHECK(messages.back().kind == "resolve");
  }
}

}  // namespace

TEST_CASE("kill -9 loses no page, at any moment") {
  int crashes = 0, twice = 0;
  for (int n = 0; n < kRuns; ++n) {
    INFO("run " << n);
    Run run(static_cast<unsigned>(4711 + n));
    while (!run.live()) {
    }
    check(run);
    crashes += run.crashes;
    for (const auto& [key, messages] : run.incidents) {
      std::set<std::string> ids;
      for (const Received& message : messages) twice += ids.insert(message.id).second ? 0 : 1;
    }
  }
  WARN(kRuns << " runs, " << crashes << " crashes, " << twice << " messages received again");
  CHECK(crashes > kRuns);  // else the test was too kind
  CHECK(twice > 0);        // else no crash hit the moment that matters
}
