#pragma once
// Wakes one waiting coroutine: at a time, or earlier when somebody rings. Loop thread only.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <memory>
#include <optional>

#include "runtime/clock.h"
#include "runtime/event.h"

namespace deadcalm::alerting {

class Bell {
 public:
  void ring() { event_->set(); }

  // Returns at once if somebody rang since the last wait. Throws operation_aborted on cancellation.
  net::awaitable<void> wait_until(runtime::Clock& clock, model::SteadyTime at) {
    using namespace net::experimental::awaitable_operators;
    try {
      co_await (event_->wait() || clock.sleep_until(at));
    } catch (const net::multiple_exceptions&) {
      throw boost::system::system_error(net::error::operation_aborted);  // both ended: we were cancelled
    }
    event_ = std::make_unique<runtime::Event>();
  }

 private:
  std::unique_ptr<runtime::Event> event_ = std::make_unique<runtime::Event>();
};

}  // namespace deadcalm::alerting
