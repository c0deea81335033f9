#include "store/store_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "store/memory/memory_store.h"
#include "tests/support/run_task.h"

using namespace deadcalm;

namespace {

// Blocks its first transaction until released, and counts transactions.
class SlowStore final : public store::Store {
 public:
  model::Result<void> commit(const store::Batch& batch) override { return inner.commit(batch); }
  std::vector<model::Result<void>> commit_group(const std::vector<const store::Batch*>& batches) override {
    ++transactions;
    if (transactions == 1) gate.get_future().wait();
    return inner.commit_group(batches);
  }
  model::Result<store::Identity> identity() override { return inner.identity(); }
  model::Result<std::vector<model::Stream>> streams() override { return inner.streams(); }
  model::Result<std::vector<model::Record>> records() override { return inner.records(); }
  model::Result<std::vector<store::Document>> documents(const std::string& k) override {
    return inner.documents(k);
  }
  model::Result<std::vector<store::InboxItem>> inbox_after(std::int64_t id, int n) override {
    return inner.inbox_after(id, n);
  }
  model::Result<std::int64_t> cursor(const std::string& n) override { return inner.cursor(n); }
  model::Result<std::vector<store::IncidentRow>> incidents(bool o) override { return inner.incidents(o); }
  model::Result<std::vector<store::PageRow>> unsent_pages() override { return inner.unsent_pages(); }
  model::Result<int> prune(model::WallTime before, int limit) override { return inner.prune(before, limit); }

  std::promise<void> gate;
  std::atomic<int> transactions = 0;
  store::MemoryStore inner;
};

net::awaitable<void> commit_one(store::StoreThread& thread, int number, int& done) {
  store::Batch batch;
  batch.documents = {{"n", std::to_string(number), "x"}};
  const auto result = co_await thread.commit(std::move(batch));
  if (result) ++done;
}

net::awaitable<std::size_t> count_documents(store::StoreThread& thread) {
  auto job = [](store::Store& s) { return s.documents("n"); };
  const auto found = co_await thread.read(job);
  co_return found.value().size();
}

}  // namespace

TEST_CASE("a thousand waiting commits share two transactions") {
  net::io_context io;
  auto owned = std::make_unique<SlowStore>();
  SlowStore& slow = *owned;
  store::StoreThread thread(std::move(owned));
  int done = 0;
  for (int i = 0; i < 1000; ++i) {
    net::co_spawn(io, commit_one(thread, i, done), [](std::exception_ptr e) { REQUIRE_FALSE(e); });
  }
  while (io.poll() > 0) {
  }
  CHECK(thread.pending() == 1000);
  CHECK(done == 0);  // nothing is called durable before it is
  slow.gate.set_value();
  io.run();
  CHECK(done == 1000);
  CHECK(thread.pending() == 0);
  CHECK(slow.transactions <= 3);
  CHECK(tests::run_task(io, count_documents(thread)) == 1000);
}
