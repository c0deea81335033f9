#pragma once
// How surprising is it that nothing happened? Statistics of silence for a stream of events (orders,
// sign-ups). Pure functions of numbers; rates are per hour, times in hours unless a name says otherwise.
//
// Events are taken as Poisson with a rate that may change over the week: all tests work on the *expected
// number of events* since the last one (Λ, the integral of the rate), so night and weekend need no rule of
// their own. A rate that was only learnt from a short history makes silence less surprising (gamma
// posterior), and so do events that come in bunches (negative binomial).
#include <array>

namespace deadcalm::evaluator {

// P(no event) when `expected` were expected: e^-Λ.
double chance_of_silence(double expected);

// Suspicion as accrual detectors tell it: -log10 of that chance.
double phi(double expected);

// Events that must be missing before silence is that unlikely: ln(1/α). 6.9078 for 1 in 1000.
double expected_for(double alpha);

// Hours of silence at a fixed rate until it is that unlikely.
double hours_for(double alpha, double rate);

// Watching all the time: mean hours between false alarms if we alarm after `hours` of silence.
double false_alarm_interval(double rate, double hours);

// Hours of silence to wait for, so that false alarms are `interval` hours apart.
double hours_for_interval(double rate, double interval);

// Rate learnt from `events` in `history` hours: chance of silence for `hours`, and hours until it is α.
double learnt_chance(double events, double history, double hours);
double learnt_hours_for(double alpha, double events, double history);

// Bunched events (negative binomial of size k): chance of none when `expected` were expected.
double bunched_chance(double expected, double k);

// Regular events (heartbeats): suspicion after `elapsed`, when gaps are normal with this mean and deviation.
double phi_of_gap(double elapsed, double mean, double deviation);

// A rate per hour of the week; hour 0 is Monday 00:00.
struct WeekProfile {
  std::array<double, 168> rate{};
};

// Expected events in `hours` from an hour of the week (fractions allowed).
double expected_in(const WeekProfile& week, double from, double hours);

// Hours from there until so many are expected; infinity if the week has none.
double hours_until(const WeekProfile& week, double from, double expected);

// Sequential test for a drop to `ratio` of the rate: limits of the log-likelihood ratio.
struct SequentialTest {
  double dropped = 0;  // above: the rate has dropped
  double normal = 0;   // below: it has not
};
SequentialTest sequential_test(double alpha, double beta);

// Expected events without one until the test says dropped, and what each event that does come adds to that.
double silent_run(const SequentialTest& test, double ratio);
double cost_of_event(double ratio);

// CUSUM for a drop to `ratio`: feed what was expected since the last call, and each event.
class Cusum {
 public:
  Cusum(double ratio, double limit);
  void expect(double expected);
  void see_event();
  bool alarm() const { return sum_ >= limit_; }
  double sum() const { return sum_; }

 private:
  double ratio_, limit_, sum_ = 0;
};

// Notify at 1 in 1000, page at 1 in 10,000; below ten events of history nothing is said.
inline constexpr double kNotifySilence = 1e-3;
inline constexpr double kPageSilence = 1e-4;
inline constexpr double kFewestEvents = 10;

enum class Silence { too_little_history, usual, unlikely, very_unlikely };

// `events` in the history that the profile was learnt from; `expected` since the last event.
Silence judge_silence(double events, double expected);

}  // namespace deadcalm::evaluator
