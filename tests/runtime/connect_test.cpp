#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "runtime/connect.h"
#include "runtime/name_lookup.h"
#include "server/http_server.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using runtime::Addresses;
using runtime::ConnectFault;

namespace {

// A name service of which some names do not answer until let go.
class SlowNames {
 public:
  explicit SlowNames(net::execution_context& loop) {
    runtime::set_name_service(loop, [state = state_](const std::string& host) { return state->ask(host); });
  }
  ~SlowNames() { release(); }

  void release() {
    std::unique_lock lock(state_->mutex);
    state_->released = true;
    state_->changed.notify_all();
    state_->changed.wait(lock, [this] { return state_->inside == 0; });
  }
  std::size_t asked() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->asked.size();
  }

 private:
  struct State {
    Addresses ask(const std::string& host) {
      std::unique_lock lock(mutex);
      asked.push_back(host);
      ++inside;
      if (host.starts_with("slow")) changed.wait(lock, [this] { return released; });
      --inside;
      changed.notify_all();
      if (host == "nowhere") return std::unexpected("cannot resolve nowhere: no such name");
      if (host == "both")
        return std::vector{net::ip::make_address("127.0.0.1"), net::ip::make_address("10.0.0.1")};
      return std::vector{net::ip::make_address("127.0.0.1")};
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> asked;
    int inside = 0;
    bool released = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

struct Loop {
  net::io_context io;
  SlowNames names{io};
  runtime::SystemClock clock;

  Addresses look_up(const std::string& host, model::Millis within) {
    return tests::run_task(io, runtime::look_up(host, clock, clock.now().steady + within));
  }
  // nullopt: connected.
  std::optional<runtime::ConnectFailure> connect(const runtime::TcpTarget& target,
                                                 model::Millis within = 2s) {
    const auto work = [&]() -> net::awaitable<std::optional<runtime::ConnectFailure>> {
      const auto socket = co_await runtime::connect(target, clock, clock.now().steady + within);
      if (socket) co_return std::nullopt;
      co_return socket.error();
    };
    return tests::run_task(io, work());
  }
};

net::awaitable<server::Response> nothing(server::Request) {
  co_return server::Response{};
}

net::awaitable<std::pair<bool, bool>> both(Loop& loop) {
  using namespace net::experimental::awaitable_operators;
  const auto soon = loop.clock.now().steady + 300ms;
  const auto [slow, quick] =
      co_await (runtime::look_up("slow", loop.clock, soon) && runtime::look_up("quick", loop.clock, soon));
  co_return std::pair{slow.has_value(), quick.has_value()};
}

}  // namespace

TEST_CASE("a name whose look-up hangs holds up nobody else and ends by its deadline") {
  Loop loop;
  CHECK(tests::run_task(loop.io, both(loop)) == std::pair{false, true});
  CHECK(loop.look_up("slow", 20ms).error() == "cannot resolve slow: no answer from the name service in time");
  CHECK(loop.names.asked() == 2);  // the second wish for "slow" joined the look-up under way
  loop.names.release();
  const auto later = loop.look_up("slow", 2s);
  REQUIRE(later);
  CHECK(later->front().to_string() == "127.0.0.1");
}

TEST_CASE("addresses in numbers are not looked up, and a name's fault is told") {
  Loop loop;
  CHECK(loop.look_up("::1", 2s)->front().to_string() == "::1");
  CHECK(loop.names.asked() == 0);
  CHECK(loop.look_up("nowhere", 2s).error() == "cannot resolve nowhere: no such name");
}

TEST_CASE("names that hang take a bounded number of threads") {
  Loop loop;
  for (std::size_t i = 0; i < runtime::kMostLookups; ++i)
    CHECK_FALSE(loop.look_up("slow" + std::to_string(i), 1ms));
  CHECK(loop.look_up("quick", 2s).error() ==
        "cannot resolve quick: 64 other names are being looked up and do not answer");
  CHECK(loop.look_up("127.0.0.1", 2s));
}

TEST_CASE("a loop may end before its look-ups") {
  std::unique_ptr<SlowNames> names;
  {
    net::io_context io;
    names = std::make_unique<SlowNames>(io);
    runtime::SystemClock clock;
    CHECK_FALSE(tests::run_task(io, runtime::look_up("slow", clock, clock.now().steady + 1ms)));
  }
  names->release();
}

TEST_CASE("connect says how far it got") {
  Loop loop;
  server::HttpServer server(loop.io.get_executor(), &nothing);
  const std::string port = std::to_string(server.start("127.0.0.1:0").value());
  CHECK_FALSE(loop.connect({"quick", port}));
  CHECK(loop.connect({"nowhere", port})->fault == ConnectFault::resolve);
  CHECK(loop.connect({"slow", port}, 20ms)->fault == ConnectFault::resolve);
  CHECK(loop.connect({"127.0.0.1", "1"})->fault == ConnectFault::connect);
  CHECK(loop.connect({"127.0.0.1", "1"})->message == "Connection refused");
  tests::run_task(loop.io, server.stop());
}

TEST_CASE("the connection policy is asked with the address that a name has now") {
  Loop loop;
  const auto refused = loop.connect({"quick", "80", {.allow_private = false}});
  REQUIRE(refused);
  CHECK(refused->fault == ConnectFault::refused);
  CHECK(refused->message == "127.0.0.1 is a private address, and allow_private is false");
  CHECK(loop.connect({"169.254.169.254", "80"})->message ==
        "169.254.169.254 is an address that gives secrets to this machine: never a target");
}
