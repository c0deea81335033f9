// How often a look at a write fails by itself: counted on the way, kept in the store for `deadcalm check`.
#include <algorithm>
#include <utility>

#include "monitor/monitor.h"
#include "monitor/parts.h"

namespace deadcalm::monitor {
namespace {

constexpr model::Millis kSaveEvery{600'000};  // statistics: a crash may cost a few looks

}  // namespace

void Monitor::restore_counts(Service& service, const std::vector<store::Document>& counts) {
  for (std::size_t i = 0; i < service.write_counts.size(); ++i) {
    const std::string key = service.plan.name + '/' + service.write_status[i].probe;
    const auto saved = std::ranges::lower_bound(counts, key, {}, &store::Document::key);  // in order of keys
    if (saved == counts.end() || saved->key != key) continue;
    service.write_counts[i].counts = look_counts_from_json(saved->text).value_or(LookCounts{});
  }
}

// Unknown looks are our own fault: they neither count nor end anything.
void Monitor::count_look(Service& service, std::size_t index, const model::Observation& observation) {
  const auto& look = std::get<model::WriteLook>(observation.look);
  CountedLooks& counted = service.write_counts[index];
  if (look.write == model::Write::unknown || !look.armed) return;
  const bool good = look.write == model::Write::ok && look.read_back == model::ReadBack::ok;
  if (std::exchange(counted.after_good, good)) {
    counted.counts.count(observation.ended.wall, !good);
    counted.changed = true;
  }
  const model::SteadyTime now = deps_.clock.now().steady;
  if (now - service.counts_saved < kSaveEvery) return;
  service.counts_saved = now;
  store::Batch batch;
  for (std::size_t i = 0; i < service.write_counts.size(); ++i) {
    if (!std::exchange(service.write_counts[i].changed, false)) continue;
    batch.documents.push_back({kLookCounts, service.plan.name + '/' + service.write_status[i].probe,
                               to_json(service.write_counts[i].counts)});
  }
  if (!batch.documents.empty()) tasks_.spawn("commit", commit(std::move(batch)));
}

}  // namespace deadcalm::monitor
