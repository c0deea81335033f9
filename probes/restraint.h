#pragma once
// What a write probe holds itself to, whatever its schedule wants. Pure: times go in, answers come out.
#include <cstdint>
#include <optional>

#include "model/time.h"

namespace deadcalm::probes {

// 0: no limit given.
struct Budget {
  std::int64_t canaries_a_day = 0;  // planted or updated, in any 24 hours
  std::int64_t live_records = 0;    // ours in the backend at the same time
};

// The least budget that lets a probe of this interval look as often as it should.
std::int64_t least_canaries_a_day(model::Millis interval);

// Holds to Budget::canaries_a_day: a bucket of an hour's worth that fills up over the day, so that no 24
// hours see more. It starts with one canary: a process that restarts over and over stays within it too.
class DayBudget {
 public:
  explicit DayBudget(std::int64_t canaries_a_day) : a_day_(canaries_a_day) {}

  bool take(model::SteadyTime now);  // one canary; false: there is none left
  model::SteadyTime next() const;    // when there is one again, after a refusal

 private:
  double per_milli() const;
  void fill(model::SteadyTime now);

  std::int64_t a_day_;
  double left_ = 1;
  std::optional<model::SteadyTime> filled_;
};

// Leaves a backend alone that throttles: no rechecks, then every second, then every fourth regular look, and
// as long as it asks for itself (ten minutes at most: an outage must be noticed).
class Backoff {
 public:
  explicit Backoff(model::Millis interval) : interval_(interval) {}

  void throttled(model::SteadyTime at, std::optional<model::Millis> asked);
  void answered() { in_a_row_ = 0; }  // with anything else

  bool holds(model::SteadyTime now) const { return in_a_row_ > 0 && now < until_; }
  model::SteadyTime until() const { return until_; }
  int in_a_row() const { return in_a_row_; }

 private:
  model::Millis interval_;
  model::SteadyTime until_{};
  int in_a_row_ = 0;
};

}  // namespace deadcalm::probes
