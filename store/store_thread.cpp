#include "store/store_thread.h"

namespace deadcalm::store {

struct StoreThread::Waiting {
  Batch batch;
  model::Result<void> result;
  std::function<void()> resume;
};

StoreThread::StoreThread(std::unique_ptr<Store> store) : store_(std::move(store)) {}

net::awaitable<model::Result<void>> StoreThread::commit(Batch batch) {
  if (batch.empty()) co_return model::Result<void>{};
  auto waiting = std::make_shared<Waiting>();
  waiting->batch = std::move(batch);
  auto executor = co_await net::this_coro::executor;
  ++pending_;
  auto initiate = [this, executor, waiting](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto keep_alive = net::make_work_guard(executor);
    waiting->resume = [executor, shared, keep_alive] {
      net::post(executor, [shared] { std::move (*shared)(); });
    };
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = queue_.empty();
      queue_.push_back(waiting);
    }
    // One flush a group: it takes whatever has gathered by the time the worker gets to it.
    if (first) worker_.post([this] { flush(); });
  };
  co_await net::async_initiate<decltype(net::use_awaitable), void()>(initiate, net::use_awaitable);
  --pending_;
  co_return waiting->result;
}

net::awaitable<model::Result<int>> StoreThread::prune(model::WallTime before, int limit) {
  auto job = [before, limit](Store& store) { return store.prune(before, limit); };
  co_return co_await read(std::move(job));
}

void StoreThread::flush() {
  std::vector<std::shared_ptr<Waiting>> group;
  {
    const std::lock_guard lock(mutex_);
    group.swap(queue_);
  }
  std::vector<const Batch*> batches;
  batches.reserve(group.size());
  for (const auto& waiting : group) batches.push_back(&waiting->batch);
  const auto results = store_->commit_group(batches);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i]->result = results[i];
    auto resume = std::move(group[i]->resume);
    resume();
  }
}

bool Batch::empty() const {
  return streams.empty() && records.empty() && forget_records.empty() && forget_streams.empty() &&
         documents.empty() && transitions.empty() && commands.empty() && incidents.empty() &&
         new_pages.empty() && page_changes.empty() && cursors.empty();
}

}  // namespace deadcalm::store
