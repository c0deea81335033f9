#pragma once
// Runs one coroutine to its end on a loop and rethrows what it threw, so that a REQUIRE inside counts.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "runtime/net.h"

namespace deadcalm::tests {

// On the real clock; a task that hangs for longer than `limit` fails the test.
template <class T>
T run_task(net::io_context& io, net::awaitable<T> task,
           std::chrono::seconds limit = std::chrono::seconds(30)) {
  std::exception_ptr error;
  bool done = false;
  std::conditional_t<std::is_void_v<T>, int, std::optional<T>> result{};
  if constexpr (std::is_void_v<T>) {
    net::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
      error = e;
      done = true;
      io.stop();
    });
  } else {
    net::co_spawn(io, std::move(task), [&](std::exception_ptr e, T value) {
      error = e;
      result = std::move(value);
      done = true;
      io.stop();
    });
  }
  io.restart();
  io.run_for(limit);
  if (!done) throw std::runtime_error("the task did not end in time");
  if (error) std::rethrow_exception(error);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace deadcalm::tests
