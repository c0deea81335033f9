#include "alerting/retry.h"

#include <algorithm>

namespace deadcalm::alerting {

model::Millis delay_after(const RetryTable& table, int attempts, model::Millis floor, double random) {
  if (table.delays.empty()) return floor;
  const auto index = static_cast<std::size_t>(std::max(attempts, 1) - 1);
  const model::Millis most = table.delays[std::min(index, table.delays.size() - 1)];
  const model::Millis jittered{static_cast<std::int64_t>(static_cast<double>(most.count()) * random)};
  return std::max(jittered, floor);
}

}  // namespace deadcalm::alerting
