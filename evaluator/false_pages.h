#pragma once
// How often a rule of confirmation pages although nothing is wrong, and how fast it is when something is.
// `p`: chance that one look fails for no reason. Pure; numbers of looks unless a name says otherwise.
#include "model/time.h"

namespace deadcalm::evaluator {

// Mean looks until `in_a_row` fail by chance, each on its own.
double looks_to_false_page(double p, int in_a_row);

// The same when failures come in bursts: after one, the next fails with chance `rho`. The honest number:
// independence overstates it a thousandfold.
double looks_to_false_page_in_bursts(double p, int in_a_row, double rho);

// Mean looks until `m` of the last `n` fail (exact; 1 ≤ m ≤ n ≤ 8).
double looks_to_m_of_n(double p, int m, int n);

// Chance that at least `m` of `v` vantage points fail in one round: use it as `p`.
double chance_of_m_vantages(double p, int m, int v);

// 95 % upper bound for `p` after so many looks without a failure.
double upper_bound_of_p(double looks_without_failure);

// From the outage to the end of the look that confirms it, `in_a_row` looks, `recheck` apart after the first.
struct Detection {
  model::Millis worst{}, mean{};
};
Detection detection(model::Millis interval, int in_a_row, model::Millis recheck, model::Millis timeout);

}  // namespace deadcalm::evaluator
