#pragma once
// Every coroutine belongs to a group: nothing is detached, nothing outlives its owner.
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "runtime/net.h"

namespace deadcalm::runtime {

// Declare a group as the last member of its owner. Loop thread only. stop() then join() before the
// owner dies; the destructor aborts the process if tasks are left, since they would use freed memory.
class TaskGroup {
 public:
  // on_failure hears of a task that ended with an exception (cancellation is not one).
  using OnFailure = std::function<void(const std::string& task, const std::string& what)>;

  TaskGroup(net::any_io_executor executor, OnFailure on_failure);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a task soon, on the group's executor. After stop() it is refused (false).
  bool spawn(std::string name, net::awaitable<void> task);

  // Asks every task to end (Asio terminal cancellation). Idempotent.
  void stop();

  // Resumes when no task is left.
  net::awaitable<void> join();

  std::size_t size() const { return tasks_.size(); }

 private:
  struct Task;
  void finished(std::list<std::unique_ptr<Task>>::iterator task, const std::exception_ptr& error);

  net::any_io_executor executor_;
  OnFailure on_failure_;
  std::list<std::unique_ptr<Task>> tasks_;
  std::list<std::function<void()>> joiners_;
  bool stopped_ = false;
};

}  // namespace deadcalm::runtime
