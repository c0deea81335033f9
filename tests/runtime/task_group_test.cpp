#include "runtime/task_group.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {
net::awaitable<void> sleep_and_count(runtime::Clock& clock, int& count) {
  co_await clock.sleep_for(10s);
  ++count;
}
net::awaitable<void> fall_over() {
  throw std::runtime_error("a bug");
  co_return;
}
}  // namespace

TEST_CASE("a stopped group cancels its tasks and join waits for all of them") {
  net::io_context io;
  tests::FakeClock clock(io);
  int count = 0;
  std::vector<std::string> failures;
  runtime::TaskGroup group(
      io.get_executor(), [&](const auto& task, const auto& what) { failures.push_back(task + ": " + what); });
  REQUIRE(group.spawn("early", sleep_and_count(clock, count)));
  clock.advance(11s);
  CHECK(count == 1);
  CHECK(group.size() == 0);

  REQUIRE(group.spawn("late", sleep_and_count(clock, count)));
  clock.advance(1s);
  group.stop();
  CHECK_FALSE(group.spawn("refused", sleep_and_count(clock, count)));
  tests::run_task(io, group.join());
  CHECK(count == 1);
  CHECK(group.size() == 0);
  CHECK(failures.empty());  // cancellation is not a failure
}

TEST_CASE("a task that throws is reported by name") {
  net::io_context io;
  std::vector<std::string> failures;
  runtime::TaskGroup group(
      io.get_executor(), [&](const auto& task, const auto& what) { failures.push_back(task + ": " + what); });
  group.spawn("probe orders", fall_over());
  tests::run_task(io, group.join());
  CHECK(failures == std::vector<std::string>{"probe orders: a bug"});
}
