// The ping that says we live: only while everything is fresh.
#include "alerting/deadman.h"

#include <catch2/catch.hpp>

#include "tests/alerting/contracts/receiver.h"
#include "tests/support/fake_clock.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

struct Outside {
  tests::Receiver receiver{[](const server::Request&) { return server::Response{}; }};
  tests::FakeClock clock{receiver.io};
  std::optional<std::string> stale;
  alerting::Deadman deadman{{receiver.url + "/ping/abc", 60s},
                            {receiver.io.get_executor(), clock, receiver.client, [this] { return stale; }}};
  ~Outside() { tests::run_task(receiver.io, deadman.stop()); }

  // Lets real answers arrive, until `n` requests came and the ping waits for its next round or try.
  void until(std::size_t n) {
    for (int turns = 0; turns < 2000 && (receiver.got.size() < n || clock.sleepers() == 0); ++turns) {
      receiver.io.restart();
      receiver.io.run_one_for(10ms);
    }
    REQUIRE(receiver.got.size() == n);
    REQUIRE(clock.sleepers() == 1);
  }
};

}  // namespace

TEST_CASE("fresh: a ping each round; stale: the reason, at /fail") {
  Outside o;
  o.deadman.start();
  o.until(1);
  CHECK(o.receiver.got[0].method == "GET");
  CHECK(o.receiver.got[0].path == "/ping/abc");
  CHECK(o.deadman.status().last_ok == o.clock.now().wall);
  const auto ok_at = o.deadman.status().last_ok;
  o.stale = "the oldest page waits for 10 min";
  o.clock.advance(60s);
  o.until(2);
  CHECK(o.receiver.got[1].method == "POST");
  CHECK(o.receiver.got[1].path == "/ping/abc/fail");
  CHECK(o.receiver.got[1].body == "the oldest page waits for 10 min");
  CHECK(o.deadman.status().last_ok == ok_at);
  o.stale.reset();
  o.clock.advance(60s);
  o.until(3);
  CHECK(o.receiver.got[2].path == "/ping/abc");
}

TEST_CASE("two quick tries, then the next round: no old ping is queued") {
  Outside o;
  o.receiver.forced.assign(3, {.status = 500, .body = "", .headers = {}});
  o.deadman.start();
  o.until(1);
  o.clock.advance(1s);
  o.until(2);
  o.clock.advance(3s);
  o.until(3);
  CHECK(o.deadman.status().failed == 1);
  CHECK(o.deadman.status().last_error == "answered 500");
  CHECK_FALSE(o.deadman.status().last_ok);
  o.clock.advance(55s);
  CHECK(o.receiver.got.size() == 3);
  o.clock.advance(1s);
  o.until(4);
  CHECK(o.deadman.status().last_error.empty());
}
