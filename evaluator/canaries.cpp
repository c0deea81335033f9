#include "evaluator/canaries.h"

#include <algorithm>

namespace deadcalm::evaluator {
namespace {

using List = std::vector<PlantedCanary>;

List::iterator first_not_before(List& canaries, std::uint64_t seq) {
  return std::ranges::lower_bound(canaries, seq, {}, &PlantedCanary::seq);
}

// Takes out the inner entry that is missed least.
void thin_out(List& canaries) {
  std::size_t victim = 1;
  Millis closest = Millis::max();
  for (std::size_t i = 1; i + 1 < canaries.size(); ++i) {
    const Millis gap = canaries[i + 1].planted - canaries[i - 1].planted;
    if (gap < closest) {
      closest = gap;
      victim = i;
    }
  }
  canaries.erase(canaries.begin() + static_cast<std::ptrdiff_t>(victim));
}

}  // namespace

void remember_canary(List& canaries, const PlantedCanary& canary, SteadyTime forget_before) {
  if (canary.seq == 0) return;
  const auto place = first_not_before(canaries, canary.seq);
  if (place != canaries.end() && place->seq == canary.seq) {
    // Planted again because its fate was unknown: nobody could see it before this time.
    if (!place->acknowledged) place->planted = canary.planted;
    place->acknowledged = place->acknowledged || canary.acknowledged;
    return;
  }
  canaries.insert(place, canary);
  while (canaries.size() > 1 && canaries.front().planted < forget_before) canaries.erase(canaries.begin());
  while (canaries.size() > kMostCanaries) thin_out(canaries);
}

std::optional<SteadyTime> planted_at(const List& canaries, std::uint64_t seq) {
  const auto after = std::ranges::lower_bound(canaries, seq, {}, &PlantedCanary::seq);
  if (after == canaries.end()) return std::nullopt;
  if (after->seq == seq) return after->planted;
  if (after == canaries.begin()) return std::nullopt;
  const PlantedCanary& before = *std::prev(after);
  const double part = static_cast<double>(seq - before.seq) / static_cast<double>(after->seq - before.seq);
  const double gap = static_cast<double>((after->planted - before.planted).count());
  return before.planted + Millis{static_cast<Millis::rep>(part * gap)};
}

}  // namespace deadcalm::evaluator
