#pragma once
// One named thread for work that blocks (the store, files). The loop never waits for it: it awaits.
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "runtime/net.h"

namespace deadcalm::runtime {

// Jobs run one after the other, in order. The destructor runs what is queued, then joins.
class Worker {
 public:
  explicit Worker(const std::string& thread_name);  // at most 15 characters are shown by the system
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::function<void()> job);  // any thread
  std::size_t queued() const;            // any thread

  // Runs `job` on the worker and resumes with its result on the caller's executor. The job must not
  // throw. Cancellation does not stop a job that was queued.
  template <class Job>
  net::awaitable<std::invoke_result_t<Job>> run(Job job) {
    using R = std::invoke_result_t<Job>;
    auto executor = co_await net::this_coro::executor;
    auto initiate = [this, executor](auto handler, Job work) {
      auto resume = std::make_shared<decltype(handler)>(std::move(handler));
      auto keep_alive = net::make_work_guard(executor);
      post([executor, resume, keep_alive, work = std::move(work)]() mutable {
        net::post(executor, [resume, answer = work()]() mutable { std::move (*resume)(std::move(answer)); });
      });
    };
    co_return co_await net::async_initiate<decltype(net::use_awaitable), void(R)>(
        initiate, net::use_awaitable, std::move(job));
  }

 private:
  void loop();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // protected by mutex_
  bool stopping_ = false;                   // protected by mutex_
  std::thread thread_;
};

}  // namespace deadcalm::runtime
