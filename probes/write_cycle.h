#pragma once
// What one cycle of a write probe knows; shared by the probe's own .cpp files only.
#include <algorithm>

#include "probes/write_probe.h"
#include "runtime/event.h"

namespace deadcalm::probes {

// So many plants or updates of unknown fate may there be: the oldest has to be settled before another.
inline constexpr std::size_t kUnresolvedLimit = 3;

// Between two reads that wait for a record to appear or to go; doubled up to the longest.
inline constexpr model::Millis kFirstReread{50};
inline constexpr model::Millis kLongestReread{1'000};

struct WriteProbe::Cycle {
  model::Observation observation;
  model::WriteLook look;
  model::SteadyTime deadline{};
  Canary canary;
  model::Record record;  // the new one
  bool verified = false;
  bool kept_looked_at = false;
  bool kept_absent = false;                  // the kept record was read and is not there; identity proved
  std::optional<model::Millis> retry_after;  // how long a throttling backend asks to be left alone
  std::vector<std::uint64_t> altered;        // kept records that hold something else
  runtime::Event truth_done;

  bool is_altered(const model::Record& kept) const {
    return std::ranges::find(altered, kept.seq) != altered.end();
  }

  void fail(const char* step, const StepFailure& failure) {
    look.write = failure.failure;
    look.container_gone = look.container_gone || failure.container_gone;
    observation.step = step;
    observation.detail = failure.detail;
    retry_after = failure.retry_after;
  }
  // Our own fault: what is not on the ledger is not sent, and not proved.
  void fail_ledger(const model::Error& error) {
    fail("ledger", {model::Write::unknown, error.message, false, false, false});
  }
};

}  // namespace deadcalm::probes
