#include "probes/ladder.h"

#include <algorithm>
#include <map>

namespace deadcalm::probes {

using model::Millis;
using model::Record;
using model::WallTime;

std::vector<std::uint64_t> on_ladder(const std::vector<Millis>& rungs, const std::vector<Record>& records,
                                     WallTime now) {
  std::vector<std::uint64_t> kept;
  for (const Millis rung : rungs) {
    const Millis span = std::max(rung / 2, Millis{1});
    std::map<std::int64_t, const Record*> first;  // of each span
    for (const Record& record : records) {
      const Record*& place = first[record.planted.time_since_epoch() / span];
      if (place == nullptr || record.planted < place->planted) place = &record;
    }
    const auto present = first.find(now.time_since_epoch() / span);
    if (present != first.end()) kept.push_back(present->second->seq);
    if (present != first.begin()) kept.push_back(std::prev(present)->second->seq);
  }
  std::ranges::sort(kept);
  const auto repeats = std::ranges::unique(kept);
  kept.erase(repeats.begin(), repeats.end());
  return kept;
}

LossBounds loss_bounds(const std::vector<Record>& surviving, const std::vector<Record>& missing) {
  if (missing.empty()) return {};
  const auto [oldest, newest] = std::ranges::minmax(missing, {}, &Record::planted);
  LossBounds bounds;
  for (const Record& record : surviving) {
    if (record.planted > oldest.planted && record.planted < newest.planted) return {};
    if (record.planted < oldest.planted &&
        (!bounds.newest_surviving || *bounds.newest_surviving < record.planted)) {
      bounds.newest_surviving = record.planted;
    }
  }
  bounds.oldest_missing = oldest.planted;
  return bounds;
}

bool was_newest(const Record& missing, const std::vector<Record>& surviving, WallTime looked) {
  return std::ranges::none_of(surviving, [&](const Record& record) {
    return record.planted > missing.planted && record.planted < looked;
  });
}

}  // namespace deadcalm::probes
