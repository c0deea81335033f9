#pragma once
// Where a write probe notes what it plants, before it plants it. Implemented by monitor on the store.
#include <optional>
#include <vector>

#include "model/error.h"
#include "model/ledger.h"
#include "runtime/net.h"

namespace deadcalm::probes {

struct LedgerChange {
  std::optional<model::Stream> stream;
  std::vector<model::Record> put;
  std::vector<std::uint64_t> forget;  // of the same stream
};

class Ledger {
 public:
  virtual ~Ledger() = default;
  // Durable when it resumes without an error. Commits of one slot share one transaction.
  virtual net::awaitable<model::Result<void>> commit(std::string stream, LedgerChange change) = 0;
};

}  // namespace deadcalm::probes
