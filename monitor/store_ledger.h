#pragma once
// The ledger of the write probes, kept in the store.
#include "probes/ledger.h"
#include "store/store_thread.h"

namespace deadcalm::monitor {

class StoreLedger final : public probes::Ledger {
 public:
  explicit StoreLedger(store::StoreThread& store) : store_(store) {}

  net::awaitable<model::Result<void>> commit(std::string stream, probes::LedgerChange change) override {
    store::Batch batch;
    if (change.stream) batch.streams = {*std::move(change.stream)};
    batch.records = std::move(change.put);
    for (const std::uint64_t seq : change.forget) batch.forget_records.emplace_back(stream, seq);
    co_return co_await store_.commit(std::move(batch));
  }

 private:
  store::StoreThread& store_;
};

}  // namespace deadcalm::monitor
