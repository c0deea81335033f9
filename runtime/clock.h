#pragma once
// The only source of time in the program. Tests pass a fake one (tests/support/fake_clock.h).
#include "model/time.h"
#include "runtime/event.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual model::Instant now() const = 0;
  // Resumes at or after `at` (at once if it has passed). Throws boost::system::system_error
  // (operation_aborted) when the coroutine is cancelled. Loop thread only.
  virtual net::awaitable<void> sleep_until(model::SteadyTime at) = 0;

  // Resumes when `event` is set or `until` has come, whichever is first; the event tells which.
  virtual net::awaitable<void> wait(Event& event, model::SteadyTime until);

  net::awaitable<void> sleep_for(model::Millis d) { return sleep_until(now().steady + d); }
};

// CLOCK_REALTIME and CLOCK_MONOTONIC; sleeps on Asio timers of the current executor.
class SystemClock final : public Clock {
 public:
  model::Instant now() const override;
  net::awaitable<void> sleep_until(model::SteadyTime at) override;
  net::awaitable<void> wait(Event& event, model::SteadyTime until) override;
};

}  // namespace deadcalm::runtime
