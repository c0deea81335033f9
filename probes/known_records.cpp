// The business records that a user named as extra sentinels. They count once they were seen good; the store
// remembers which have been, so that a restart in mid-loss does not take the loss for the normal state.
#include <algorithm>

#include "probes/write_cycle.h"

namespace deadcalm::probes {
namespace {

constexpr const char* kStep = "known record";

}  // namespace

bool WriteProbe::counts(const KnownRecord& record) const {
  return std::ranges::count(stream_.known_good, record.describe()) > 0;
}

// Looked at as the older rungs are: every `verify_every`, and at once after a restart, a failed write or a
// loss. Unlike a rung, one that is gone is critical by itself.
net::awaitable<void> WriteProbe::look_at_known(Cycle& cycle) {
  model::WriteLook& look = cycle.look;
  const auto known = static_cast<int>(stream_.known_good.size());
  look.rungs_expected += known;
  const model::SteadyTime now = deps_.clock.now().steady;
  const bool doubt = !cycle.verified || look.sentinel != model::Sentinel::present;
  if (deps_.known.empty() || (now < verify_known_at_ && !doubt)) co_return;
  known_gone_.clear();
  bool again = false;  // gone, or perhaps so: the next cycle tells
  LedgerChange change;
  for (const auto& record : deps_.known) {
    const KnownAnswer answer = co_await record->look(after_cycle(cycle));
    const bool counted = counts(*record);
    if (answer.state == KnownState::good && !counted) {
      if (!change.stream) change.stream = stream_;
      change.stream->known_good.push_back(record->describe());
    }
    again = again || (answer.state == KnownState::gone && counted);
    // Hidden from us is not gone: the new canary was read back, or the one who answered knows us.
    const bool gone = answer.state == KnownState::gone && (answer.proved || cycle.verified);
    if (gone && counted) {
      known_gone_.push_back(record->describe());
      ++look.rungs_missing;
      look.newest_rung_missing = true;
      look.sentinel = model::Sentinel::missing;
    }
    if (answer.state == KnownState::good || !cycle.observation.detail.empty()) continue;
    cycle.observation.step = kStep;
    cycle.observation.detail = answer.detail + (gone && !counted ? "; it counts once it was seen good" : "");
  }
  if (change.stream) (void)co_await commit(std::move(change));  // else it is found good once more
  verify_known_at_ = again ? now : now + options_.verify_every;
}

// A person has accepted that they are gone: they count again once they were seen good.
void WriteProbe::accept_known(model::Stream& stream) {
  std::erase_if(stream.known_good,
                [&](const std::string& name) { return std::ranges::count(known_gone_, name) > 0; });
  known_gone_.clear();
}

}  // namespace deadcalm::probes
