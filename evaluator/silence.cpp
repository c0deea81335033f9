#include "evaluator/silence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace deadcalm::evaluator {

double chance_of_silence(double expected) {
  return std::exp(-expected);
}

double phi(double expected) {
  return expected * std::numbers::log10e;
}

double expected_for(double alpha) {
  return -std::log(alpha);
}

double hours_for(double alpha, double rate) {
  return expected_for(alpha) / rate;
}

double false_alarm_interval(double rate, double hours) {
  return std::exp(rate * hours) / rate;
}

double hours_for_interval(double rate, double interval) {
  return std::log(interval * rate) / rate;
}

double learnt_chance(double events, double history, double hours) {
  return std::pow(history / (history + hours), events);
}

double learnt_hours_for(double alpha, double events, double history) {
  return history * (std::pow(alpha, -1 / events) - 1);
}

double bunched_chance(double expected, double k) {
  return std::pow(1 + expected / k, -k);
}

double phi_of_gap(double elapsed, double mean, double deviation) {
  const double later = 0.5 * std::erfc((elapsed - mean) / deviation / std::numbers::sqrt2);
  return -std::log10(later);
}

double expected_in(const WeekProfile& week, double from, double hours) {
  const double total = std::accumulate(week.rate.begin(), week.rate.end(), 0.0);
  const double weeks = std::floor(hours / 168);
  double sum = weeks * total, at = from, left = hours - weeks * 168;
  while (left > 0) {
    const double hour = std::floor(at);
    const double piece = std::min(left, hour + 1 - at);
    sum += piece * week.rate[static_cast<std::size_t>(std::fmod(hour, 168))];
    at = piece < left ? hour + 1 : at + piece;
    left -= piece;
  }
  return sum;
}

double hours_until(const WeekProfile& week, double from, double expected) {
  const double total = std::accumulate(week.rate.begin(), week.rate.end(), 0.0);
  if (expected <= 0) return 0;
  if (total <= 0) return std::numeric_limits<double>::infinity();
  const double weeks = std::floor(expected / total);
  double passed = weeks * 168, left = expected - weeks * total, at = from;
  while (left > 0) {
    const double hour = std::floor(at);
    const double rate = week.rate[static_cast<std::size_t>(std::fmod(hour, 168))];
    const double piece = hour + 1 - at;
    if (rate * piece >= left) return passed + left / rate;
    left -= rate * piece;
    passed += piece;
    at = hour + 1;
  }
  return passed;
}

SequentialTest sequential_test(double alpha, double beta) {
  return {std::log((1 - beta) / alpha), std::log(beta / (1 - alpha))};
}

double silent_run(const SequentialTest& test, double ratio) {
  return test.dropped / (1 - ratio);
}

double cost_of_event(double ratio) {
  return -std::log(ratio) / (1 - ratio);
}

Cusum::Cusum(double ratio, double limit) : ratio_(ratio), limit_(limit) {}

void Cusum::expect(double expected) {
  sum_ = std::max(0.0, sum_ + (1 - ratio_) * expected);
}

void Cusum::see_event() {
  sum_ = std::max(0.0, sum_ + std::log(ratio_));
}

Silence judge_silence(double events, double expected) {
  if (events < kFewestEvents) return Silence::too_little_history;
  // In units of expected events the history is as long as the number of its events.
  const double chance = learnt_chance(events, events, expected);
  if (chance <= kPageSilence) return Silence::very_unlikely;
  return chance <= kNotifySilence ? Silence::unlikely : Silence::usual;
}

}  // namespace deadcalm::evaluator
