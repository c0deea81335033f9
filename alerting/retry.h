#pragma once
// When a message that was not taken is tried again. Pure.
#include <optional>
#include <vector>

#include "model/time.h"

namespace deadcalm::alerting {

struct RetryTable {
  std::vector<model::Millis> delays;       // after attempt 1, 2, ...; then the last one again
  model::Millis after_429{0};              // at least this long when the receiver says "too many"
  model::Millis gap{0};                    // between two messages of the channel
  std::optional<model::Millis> give_up{};  // after so long; absent: never
  bool critical_stays = true;              // a critical page is never given up
  std::optional<model::Millis>
      fall_back{};  // unsent for so long: the other channels of the route are told too
};

// Full jitter: between 0 and the table's delay, never below `floor`. `random` is in [0, 1).
model::Millis delay_after(const RetryTable& table, int attempts, model::Millis floor, double random);

}  // namespace deadcalm::alerting
