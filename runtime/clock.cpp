#include "runtime/clock.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace deadcalm::runtime {

model::Instant SystemClock::now() const {
  using std::chrono::duration_cast;
  return {
      model::WallTime{duration_cast<model::Millis>(std::chrono::system_clock::now().time_since_epoch())},
      model::SteadyTime{duration_cast<model::Millis>(std::chrono::steady_clock::now().time_since_epoch())}};
}

net::awaitable<void> SystemClock::sleep_until(model::SteadyTime at) {
  net::steady_timer timer(co_await net::this_coro::executor);
  timer.expires_at(std::chrono::steady_clock::time_point(at.time_since_epoch()));
  co_await timer.async_wait(net::use_awaitable);
}

}  // namespace deadcalm::runtime
