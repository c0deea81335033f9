#include "model/names.h"

#include <algorithm>
#include <vector>

namespace deadcalm::model {
namespace {

// Levenshtein with one row; a swap of neighbours counts as two, which the limit below allows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view closest_name(std::string_view typed, const std::string_view* words, std::size_t count) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, typed.size() / 3) + 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t d = distance(typed, words[i]);
    if (d < best_distance && d < words[i].size()) {
      best_distance = d;
      best = words[i];
    }
  }
  return best;
}

}  // namespace deadcalm::model
