#pragma once
// Looks of one kind in a row, and for how long. The clock of a streak stands still while we are blind.
#include <algorithm>

#include "model/time.h"

namespace deadcalm::evaluator {

struct Streak {
  int looks = 0;
  model::Instant first{};    // start of the first look
  model::SteadyTime last{};  // start of the last look, or when we began to see again after it
  model::Millis lasted{};    // from first to last, time spent blind left out

  void count(model::Instant started) {
    if (looks == 0) {
      first = started;
    } else if (started.steady > last) {
      lasted += started.steady - last;
    }
    ++looks;
    last = looks == 1 ? started.steady : std::max(last, started.steady);
  }

  void reset() { *this = Streak{}; }

  // What passed while we could not see does not count.
  void thaw(model::SteadyTime now) {
    if (looks > 0) last = std::max(last, now);
  }

  // How long the trouble has lasted by `now`, if it still goes on.
  model::Millis age(model::SteadyTime now) const {
    if (looks == 0) return model::Millis{0};
    return lasted + std::max(model::Millis{0}, now - last);
  }

  friend bool operator==(const Streak&, const Streak&) = default;
};

}  // namespace deadcalm::evaluator
