// The system's clock: waits that end early. Real time, but nothing is measured.
#include "runtime/clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "runtime/task_group.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

net::awaitable<void> wait_long(runtime::Clock& clock, runtime::Event& event, bool& ended) {
  co_await clock.wait(event, clock.now().steady + 1h);
  ended = true;
}

net::awaitable<void> stop_now(runtime::TaskGroup& group) {
  group.stop();
  co_await group.join();
}

}  // namespace

TEST_CASE("a wait ends when its event is set, on the system's clock as on the fake one") {
  net::io_context io;
  runtime::SystemClock real;
  tests::FakeClock fake(io);
  for (runtime::Clock* clock : {static_cast<runtime::Clock*>(&real), static_cast<runtime::Clock*>(&fake)}) {
    runtime::Event event;
    bool ended = false;
    runtime::TaskGroup group(io.get_executor(), nullptr);
    group.spawn("waiter", wait_long(*clock, event, ended));
    io.restart();
    io.poll();
    CHECK_FALSE(ended);
    event.set();
    tests::run_task(io, group.join());
    CHECK(ended);
  }
}

TEST_CASE("a wait ends at its instant, and an event that is set later finds nobody") {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::Event event;
  tests::run_task(io, clock.wait(event, clock.now().steady + 1ms));
  CHECK_FALSE(event.is_set());
  event.set();
  tests::run_task(io, clock.wait(event, clock.now().steady + 1h));  // set: at once
}

TEST_CASE("a cancelled wait does not go on") {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::Event event;
  bool ended = false;
  runtime::TaskGroup group(io.get_executor(), nullptr);
  group.spawn("waiter", wait_long(clock, event, ended));
  io.restart();
  io.poll();
  tests::run_task(io, stop_now(group));
  CHECK_FALSE(ended);
}
