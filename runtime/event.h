#pragma once
// An event: one coroutine waits, somebody sets. It must outlive the wait, also the part of it after set():
// the waiter is resumed later, from the loop. Loop thread only.
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <memory>

#include "runtime/net.h"

namespace deadcalm::runtime {

class Event {
 public:
  bool is_set() const { return set_; }

  void set() {
    set_ = true;
    if (auto resume = std::exchange(resume_, nullptr)) resume();
  }

  // To be set anew. Only while nobody waits.
  void reset() { set_ = false; }

  // Calls back once, from within set(). One waiter: this or a coroutine in wait(). nullptr ends it.
  void when_set(std::function<void()> callback) { resume_ = std::move(callback); }

  // Resumes once set (at once if it is). Throws operation_aborted on cancellation.
  net::awaitable<void> wait() {
    if (set_) co_return;
    auto executor = co_await net::this_coro::executor;
    auto initiate = [this, executor](auto handler) {
      auto slot = net::get_associated_cancellation_slot(handler);
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      resume_ = [executor, shared, slot]() mutable {
        slot.clear();
        net::post(executor, [shared] { std::move (*shared)(); });
      };
      if (slot.is_connected()) {
        slot.assign([this, executor, shared](net::cancellation_type) {
          resume_ = nullptr;
          net::post(executor, [shared] { std::move (*shared)(); });
        });
      }
    };
    co_await net::async_initiate<decltype(net::use_awaitable), void()>(initiate, net::use_awaitable);
    if (!set_) throw boost::system::system_error(net::error::operation_aborted);
  }

 private:
  bool set_ = false;
  std::function<void()> resume_;
};

}  // namespace deadcalm::runtime
