// m of n: a Markov chain over the outcomes of the last n-1 looks (a bit each, newest lowest). The mean number
// of looks to absorption from "all were good" solves a linear system of at most 2^7 equations.
#include "evaluator/false_pages.h"

#include <bit>
#include <cmath>
#include <utility>
#include <vector>

namespace deadcalm::evaluator {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Gauss with partial pivoting; the last column is the right-hand side.
std::vector<double> solve(Matrix rows) {
  const std::size_t n = rows.size();
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t r = column + 1; r < n; ++r) {
      if (std::abs(rows[r][column]) > std::abs(rows[pivot][column])) pivot = r;
    }
    std::swap(rows[column], rows[pivot]);
    for (std::size_t r = column + 1; r < n; ++r) {
      const double factor = rows[r][column] / rows[column][column];
      if (factor == 0) continue;
      for (std::size_t c = column; c <= n; ++c) rows[r][c] -= factor * rows[column][c];
    }
  }
  std::vector<double> x(n);
  for (std::size_t r = n; r-- > 0;) {
    double sum = rows[r][n];
    for (std::size_t c = r + 1; c < n; ++c) sum -= rows[r][c] * x[c];
    x[r] = sum / rows[r][r];
  }
  return x;
}

double choose(int n, int k) {
  double ways = 1;
  for (int i = 1; i <= k; ++i) ways = ways * (n - k + i) / i;
  return ways;
}

}  // namespace

double looks_to_false_page(double p, int in_a_row) {
  const double all = std::pow(p, in_a_row);
  return (1 - all) / (all * (1 - p));
}

double looks_to_false_page_in_bursts(double p, int in_a_row, double rho) {
  return 1 / (p * (1 - rho) * std::pow(rho, in_a_row - 1));
}

double looks_to_m_of_n(double p, int m, int n) {
  const std::size_t states = std::size_t{1} << (n - 1);
  Matrix rows(states, std::vector<double>(states + 1));
  for (std::size_t state = 0; state < states; ++state) {
    rows[state][state] += 1;
    rows[state][states] = 1;
    for (const std::size_t failed : {0U, 1U}) {
      const std::size_t window = state << 1 | failed;
      if (std::popcount(window) >= m) continue;  // paged
      rows[state][window % states] -= failed == 1 ? p : 1 - p;
    }
  }
  return solve(std::move(rows))[0];
}

double chance_of_m_vantages(double p, int m, int v) {
  double sum = 0;
  for (int j = m; j <= v; ++j) sum += choose(v, j) * std::pow(p, j) * std::pow(1 - p, v - j);
  return sum;
}

double upper_bound_of_p(double looks_without_failure) {
  return 1 - std::pow(0.05, 1.0 / looks_without_failure);
}

Detection detection(model::Millis interval, int in_a_row, model::Millis recheck, model::Millis timeout) {
  const model::Millis after_first = (in_a_row - 1) * recheck + timeout;
  return {interval + after_first, interval / 2 + after_first};
}

}  // namespace deadcalm::evaluator
