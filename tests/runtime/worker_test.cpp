#include "runtime/worker.h"

#include <catch2/catch.hpp>

#include "tests/support/run_task.h"

using namespace deadcalm;

namespace {
net::awaitable<int> sum_on(runtime::Worker& worker, std::thread::id& ran_on) {
  int sum = 0;
  for (int i = 1; i <= 100; ++i) {
    auto job = [i, &ran_on] {
      ran_on = std::this_thread::get_id();
      return i;
    };
    sum += co_await worker.run(job);
  }
  co_return sum;
}
}  // namespace

TEST_CASE("jobs run on the worker's thread and results come back to the loop") {
  net::io_context io;
  runtime::Worker worker("store");
  std::thread::id ran_on;
  CHECK(tests::run_task(io, sum_on(worker, ran_on)) == 5050);
  CHECK(ran_on != std::this_thread::get_id());
}

TEST_CASE("a worker ends only after its queue is empty") {
  int done = 0;
  {
    runtime::Worker worker("w");
    for (int i = 0; i < 1000; ++i) worker.post([&done] { ++done; });
  }
  CHECK(done == 1000);
}
