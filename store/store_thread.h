#pragma once
// The store's own thread, and group commit: all batches that wait while the disk is busy go into the
// next transaction together, so a thousand probes of one slot cost one wait for the disk.
#include <memory>
#include <vector>

#include "runtime/worker.h"
#include "store/store.h"

namespace deadcalm::store {

// Loop thread only (one loop). Owns the Store; nobody else may use it.
class StoreThread {
 public:
  explicit StoreThread(std::unique_ptr<Store> store);

  // Resumes when the batch is durable, or with the reason why it is not.
  net::awaitable<model::Result<void>> commit(Batch batch);

  // Any read: read([](Store& s) { return s.streams(); }). Sees every commit asked for before it.
  template <class Job>
  net::awaitable<std::invoke_result_t<Job, Store&>> read(Job job) {
    auto run = [this, job = std::move(job)] { return job(*store_); };
    ++pending_;
    auto result = co_await worker_.run(std::move(run));
    --pending_;
    co_return result;
  }

  // Store::prune, on the store's thread.
  net::awaitable<model::Result<int>> prune(model::WallTime before, int limit);

  // Commits and reads asked for and not yet answered.
  std::size_t pending() const { return pending_; }

 private:
  struct Waiting;
  void flush();  // worker thread

  std::unique_ptr<Store> store_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Waiting>> queue_;  // protected by mutex_
  std::size_t pending_ = 0;                      // loop thread
  runtime::Worker worker_{"store"};              // last: its thread uses the members above
};

}  // namespace deadcalm::store
