#pragma once
// The one incident about this site being blind, however many services it watches. Pure, like evaluate().
#include <optional>
#include <string>

#include "evaluator/evaluate.h"

namespace deadcalm::evaluator {

struct SitePolicy {
  Millis blind_for = std::chrono::minutes{5};
};

struct SiteState {
  bool anchor_bad = false;
  bool loop_late = false;
  int answered = 0, voting = 0;  // of the newest anchor look
  std::optional<model::SteadyTime> anchor_started;
  std::optional<model::Instant> blind_since;
  bool told = false;  // the transition was emitted and not yet taken back
  friend bool operator==(const SiteState&, const SiteState&) = default;
};

// Takes anchor looks and wakes; other events change nothing. Emits went_blind (subject "blind", own, page)
// after blind_for, sees_again when it is over. Wishes: wake_at only.
Step evaluate_site(const SitePolicy& policy, SiteState& state, const Event& event, model::Instant now);

// Fewer than half of the voting anchors answered (of 3: two must; of 2 or 1: one). None voting: not bad.
bool is_bad(const model::AnchorLook& look);

}  // namespace deadcalm::evaluator
