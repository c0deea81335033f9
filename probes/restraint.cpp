#include "probes/restraint.h"

#include <algorithm>
#include <cmath>

namespace deadcalm::probes {
namespace {

using model::Millis;
using model::SteadyTime;

constexpr double kDay = 86'400'000;
constexpr double kHours = 24;
constexpr Millis kLongestWait = std::chrono::minutes{10};
constexpr int kMostIntervals = 4;

}  // namespace

// Of the day's canaries one part in 24 is in the bucket, the others arrive over the day.
std::int64_t least_canaries_a_day(Millis interval) {
  const double looks = kDay / static_cast<double>(interval.count());
  return static_cast<std::int64_t>(std::ceil(looks * kHours / (kHours - 1)));
}

double DayBudget::per_milli() const {
  return static_cast<double>(a_day_) * (kHours - 1) / kHours / kDay;
}

void DayBudget::fill(SteadyTime now) {
  const double most = std::max(1.0, static_cast<double>(a_day_) / kHours);
  if (filled_) left_ = std::min(most, left_ + static_cast<double>((now - *filled_).count()) * per_milli());
  filled_ = now;
}

bool DayBudget::take(SteadyTime now) {
  if (a_day_ == 0) return true;
  fill(now);
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

SteadyTime DayBudget::next() const {
  return filled_.value_or(SteadyTime{}) +
         Millis{static_cast<Millis::rep>(std::ceil((1 - left_) / per_milli()))};
}

void Backoff::throttled(SteadyTime at, std::optional<Millis> asked) {
  ++in_a_row_;
  const int intervals = in_a_row_ > 2 ? kMostIntervals : in_a_row_;
  // Half an interval less: the look that is due then must not miss it by a millisecond.
  const Millis own = interval_ * intervals - interval_ / 2;
  until_ = at + std::max(own, std::min(asked.value_or(Millis{0}), kLongestWait));
}

}  // namespace deadcalm::probes
