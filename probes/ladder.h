#pragma once
// Which verified canaries stay as sentinels: one of about each age, at any moment. Pure.
//
// A rung of age A divides time into spans of A/2 and keeps the first record of the present span and of the
// last one before it that has any. So once the probe has run for A, there is always one between A/2 and A
// old, with two records a rung at most; a record may stand on several rungs. No state: what is kept follows
// from the records alone, also after a restart or an edit of the rungs (docs/adr/0008).
#include <vector>

#include "model/ledger.h"

namespace deadcalm::probes {

// The numbers of those of `records` (any order) that stay.
std::vector<std::uint64_t> on_ladder(const std::vector<model::Millis>& rungs,
                                     const std::vector<model::Record>& records, model::WallTime now);

// How many records they are at most.
inline std::size_t most_on_ladder(const std::vector<model::Millis>& rungs) {
  return 2 * rungs.size();
}

// From which records survived: what is lost was written after `surviving` and up to the loss.
struct LossBounds {
  std::optional<model::WallTime> newest_surviving;  // planted; before everything that is missing
  std::optional<model::WallTime> oldest_missing;
};
// Both are nullopt when a record between two missing ones is there: then single records were deleted, and
// nothing follows about the others.
LossBounds loss_bounds(const std::vector<model::Record>& surviving,
                       const std::vector<model::Record>& missing);

// Is `missing` the newest of what was kept before `looked`? Then everything newer may be gone too. To be
// asked once, when it is found: the newer ones that prove the contrary leave the ladder later.
bool was_newest(const model::Record& missing, const std::vector<model::Record>& surviving,
                model::WallTime looked);

}  // namespace deadcalm::probes
