#include "tests/support/fake_clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {
net::awaitable<void> note_after(runtime::Clock& clock, model::Millis d, std::string& log, char letter) {
  co_await clock.sleep_for(d);
  log += letter;
}
net::awaitable<void> tick(runtime::Clock& clock, int& ticks) {
  while (true) {
    co_await clock.sleep_for(1s);
    ++ticks;
  }
}
}  // namespace

TEST_CASE("sleepers wake in order of time, ties in order of arrival") {
  net::io_context io;
  tests::FakeClock clock(io);
  std::string log;
  net::co_spawn(io, note_after(clock, 3s, log, 'c'), net::detached);
  net::co_spawn(io, note_after(clock, 1s, log, 'a'), net::detached);
  net::co_spawn(io, note_after(clock, 1s, log, 'b'), net::detached);
  clock.advance(2s);
  CHECK(log == "ab");
  clock.advance(1s);
  CHECK(log == "abc");
}

TEST_CASE("a weekend passes in a moment") {
  net::io_context io;
  tests::FakeClock clock(io);
  int ticks = 0;
  net::co_spawn(io, tick(clock, ticks), net::detached);
  clock.advance(72h);
  CHECK(ticks == 72 * 3600);
}
