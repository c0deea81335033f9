#pragma once
// A clock that moves only when told. Sleepers wake in order of their instants, ties in order of arrival.
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <map>
#include <memory>

#include "runtime/clock.h"

namespace deadcalm::tests {

class FakeClock final : public runtime::Clock {
 public:
  explicit FakeClock(net::io_context& io) : io_(io) {}

  model::Instant now() const override { return now_; }

  net::awaitable<void> sleep_until(model::SteadyTime at) override {
    bool aborted = false;
    auto initiate = [this, at, &aborted](auto handler) {
      auto slot = net::get_associated_cancellation_slot(handler);
      auto resume = std::make_shared<decltype(handler)>(std::move(handler));
      const auto key = std::pair{std::max(at, now_.steady), ++arrivals_};
      sleepers_[key] = [this, resume, slot]() mutable {
        slot.clear();
        net::post(io_, [resume] { std::move (*resume)(); });
      };
      if (slot.is_connected()) {
        slot.assign([this, key, resume, &aborted](net::cancellation_type) {
          aborted = true;
          sleepers_.erase(key);
          net::post(io_, [resume] { std::move (*resume)(); });
        });
      }
    };
    co_await net::async_initiate<decltype(net::use_awaitable), void()>(initiate, net::use_awaitable);
    if (aborted) throw boost::system::system_error(net::error::operation_aborted);
  }

  // Runs what is ready, then moves time to each sleeper in turn, up to now + d.
  void advance(model::Millis d) {
    const model::SteadyTime end = now_.steady + d;
    settle();
    while (!sleepers_.empty() && sleepers_.begin()->first.first <= end) {
      move_to(std::max(now_.steady, sleepers_.begin()->first.first));
      auto wake = std::move(sleepers_.begin()->second);
      sleepers_.erase(sleepers_.begin());
      wake();
      settle();
    }
    move_to(end);
  }

  // Wall time alone: an operator or NTP sets the clock.
  void step_wall(model::Millis d) { now_.wall += d; }

  // Time passes while nobody runs: the machine slept.
  void step_steady(model::Millis d) { move_to(now_.steady + d); }

  std::size_t sleepers() const { return sleepers_.size(); }

 private:
  void settle() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }
  void move_to(model::SteadyTime t) {
    now_.wall += t - now_.steady;
    now_.steady = t;
  }

  net::io_context& io_;
  model::Instant now_{model::from_unix_millis(1'800'000'000'000),
                      model::SteadyTime{model::Millis{1'000'000}}};
  std::uint64_t arrivals_ = 0;
  std::map<std::pair<model::SteadyTime, std::uint64_t>, std::function<void()>> sleepers_;
};

}  // namespace deadcalm::tests
