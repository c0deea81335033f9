#include "runtime/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <cstdlib>

namespace deadcalm::runtime {

struct TaskGroup::Task {
  std::string name;
  net::cancellation_signal cancel;
};

namespace {

// What went wrong, or empty for a normal end or a cancellation.
std::string failure_text(const std::exception_ptr& error) {
  if (!error) return {};
  try {
    std::rethrow_exception(error);
  } catch (const net::multiple_exceptions& e) {  // of `a || b`, when both were cancelled
    return failure_text(e.first_exception());
  } catch (const boost::system::system_error& e) {
    if (e.code() == net::error::operation_aborted) return {};
    return e.what();
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

}  // namespace

TaskGroup::TaskGroup(net::any_io_executor executor, OnFailure on_failure)
    : executor_(std::move(executor)), on_failure_(std::move(on_failure)) {}

TaskGroup::~TaskGroup() {
  if (tasks_.empty()) return;
  std::fprintf(stderr, "deadcalm: task group destroyed with %zu tasks left, first: %s\n", tasks_.size(),
               tasks_.front()->name.c_str());
  std::abort();
}

bool TaskGroup::spawn(std::string name, net::awaitable<void> task) {
  if (stopped_) return false;
  tasks_.push_back(std::make_unique<Task>());
  const auto it = std::prev(tasks_.end());
  (*it)->name = std::move(name);
  net::co_spawn(
      executor_, std::move(task),
      net::bind_cancellation_slot((*it)->cancel.slot(),
                                  [this, it](const std::exception_ptr& error) { finished(it, error); }));
  return true;
}

void TaskGroup::finished(std::list<std::unique_ptr<Task>>::iterator task, const std::exception_ptr& error) {
  const std::string name = std::move((*task)->name);
  tasks_.erase(task);
  if (const std::string what = failure_text(error); !what.empty() && on_failure_) on_failure_(name, what);
  if (!tasks_.empty()) return;
  for (auto& resume : std::exchange(joiners_, {})) resume();
}

void TaskGroup::stop() {
  stopped_ = true;
  // Posted, because a task that ends at once would change the list under the loop.
  for (const auto& task : tasks_) {
    Task* victim = task.get();
    net::post(executor_, [this, victim] {
      for (const auto& alive : tasks_) {
        if (alive.get() != victim) continue;
        victim->cancel.emit(net::cancellation_type::terminal);
        return;
      }
    });
  }
}

net::awaitable<void> TaskGroup::join() {
  if (tasks_.empty()) co_return;
  auto wait = [this](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    joiners_.push_back([this, shared] { net::post(executor_, [shared] { std::move (*shared)(); }); });
  };
  co_await net::async_initiate<decltype(net::use_awaitable), void()>(wait, net::use_awaitable);
}

}  // namespace deadcalm::runtime
