// What a write probe has kept, and whether it is still there: the newest canary in each cycle, the older
// rungs of the ladder every now and then.
#include <algorithm>

#include "probes/ladder.h"
#include "probes/write_cycle.h"

namespace deadcalm::probes {

using model::Record;
using model::RecordState;

// The newest kept canary is the first sentinel. After a good plant it is read at the source of truth.
// After a failed one it is read through the plant's own door, which tells "refuses writes" from "gone".
net::awaitable<void> WriteProbe::look_at_kept(Cycle& cycle, model::SteadyTime deadline) {
  const Record* kept = find_state(RecordState::kept);
  if (kept == nullptr) co_return;
  cycle.kept_looked_at = true;
  model::WriteLook& look = cycle.look;
  look.rungs_expected = 1;
  const Record record = *kept;
  const Canary canary = canary_of(record);

  const auto judge = [&](const ReadAnswer& answer, bool proved) {
    if (answer.failure) {
      if (!answer.failure->container_gone) return;
      look.container_gone = true;
      look.sentinel = model::Sentinel::missing;
    } else if (answer.from_cache || answer.found == Found::no_answer) {
      return;
    } else if (answer.found == Found::yes) {
      look.sentinel = model::Sentinel::present;
      if (answer.token != canary.token) note_altered(cycle, record);
    } else if (answer.primary && (proved || answer.identity_proved)) {
      look.sentinel = model::Sentinel::missing;
      cycle.kept_absent = true;
    }
  };

  if (cycle.verified) {
    const ReadAnswer answer = co_await truth_door().read(canary, deadline);
    judge(answer, true);  // the new canary was just planted and read back: we are who we say
  } else {
    const ReadAnswer own_door = co_await deps_.backend->read(canary, deadline);
    if (!cycle.verified && !look.acknowledged) {
      const bool good =
          own_door.found == Found::yes && own_door.token == canary.token && !own_door.from_cache;
      look.read_back = good ? model::ReadBack::ok : model::ReadBack::fail;
      if (look.write == model::Write::unknown &&
          own_door.failure) {  // our own fault hides the plant, not this
        cycle.observation.step = "read";
        cycle.observation.detail = own_door.failure->detail;
      }
    }
    judge(own_door, cycle.verified);  // verified: the truth path came through while we read
    if (deps_.read_from && !cycle.verified) {
      const ReadAnswer database = co_await deps_.read_from->read(canary, deadline);
      look.database_still_has_it = database.found == Found::yes;
      judge(database, false);
    }
  }
  if (look.container_gone && stream_.armed) look.sentinel = model::Sentinel::missing;
  if (look.sentinel == model::Sentinel::missing) {
    look.rungs_missing = 1;
    look.newest_rung_missing = true;
  }
}

// What is looked at beside the cycle has a time-out of its own where the cycle went well. Where it did not,
// the look has to be told in time: the next one is due.
model::SteadyTime WriteProbe::after_cycle(const Cycle& cycle) const {
  return cycle.verified ? deps_.clock.now().steady + options_.timeout : cycle.deadline;
}

// A record found missing stays expected until a second read finds it or a person accepts.
net::awaitable<void> WriteProbe::look_at_missing(Cycle& cycle) {
  model::WriteLook& look = cycle.look;
  for (Record record : all(RecordState::missing)) {
    ++look.rungs_expected;
    const Canary canary = canary_of(record);
    const ReadAnswer answer = co_await truth_door().read(canary, after_cycle(cycle));
    const bool back = answer.found == Found::yes && answer.token == record.token && !answer.from_cache;
    if (back) {
      // A false alarm, or the data was put back: kept again where records are updated in turn; else a
      // sentinel, as long as the ladder wants one of its age.
      record.state = options_.sentinels.empty() ? RecordState::retired : RecordState::sentinel;
      if (options_.keep > 0) record.state = RecordState::kept;
      record.seen_absent.reset();
      LedgerChange change;
      change.put = {record};
      (void)co_await commit(std::move(change));
      --look.rungs_expected;  // counted with the ladder, or no longer expected
      continue;
    }
    if (answer.found == Found::yes && !answer.from_cache) {
      note_altered(cycle, record);
    } else {
      note_missing(cycle, record);
    }
  }
}

void WriteProbe::note_altered(Cycle& cycle, const Record& record) {
  cycle.altered.push_back(record.seq);
  cycle.look.altered = true;
  if (cycle.look.sentinel != model::Sentinel::missing) cycle.look.sentinel = model::Sentinel::reset;
}

void WriteProbe::note_missing(Cycle& cycle, const Record& record) {
  ++cycle.look.rungs_missing;
  cycle.look.newest_rung_missing = cycle.look.newest_rung_missing || !record.seen_absent;
  cycle.look.sentinel = model::Sentinel::missing;
}

// What is expected to be there and has not been found gone.
std::vector<Record> WriteProbe::standing(const Cycle& cycle) const {
  std::vector<Record> records = all(RecordState::sentinel);
  auto kept = all(RecordState::kept);
  if (!kept.empty() && cycle.kept_absent) kept.pop_back();  // the newest is the one that was looked at
  records.insert(records.end(), kept.begin(), kept.end());
  std::erase_if(records, [&](const Record& r) { return cycle.is_altered(r); });
  return records;
}

// The older rungs are read every `verify_every`, and at once after a restart, a failed write or a loss.
net::awaitable<void> WriteProbe::look_at_ladder(Cycle& cycle) {
  model::WriteLook& look = cycle.look;
  const auto rungs = all(RecordState::sentinel);
  look.rungs_expected += static_cast<int>(rungs.size());
  if (look.container_gone && stream_.armed) look.rungs_missing = look.rungs_expected;
  const model::SteadyTime now = deps_.clock.now().steady;
  const bool doubt = !cycle.verified || look.sentinel != model::Sentinel::present;
  if (rungs.empty() || look.container_gone || (now < verify_ladder_at_ && !doubt)) co_return;
  for (Record record : rungs) {
    const Canary canary = canary_of(record);
    const ReadAnswer answer = co_await truth_door().read(canary, after_cycle(cycle));
    if (answer.failure || answer.found == Found::no_answer)
      co_return;  // nobody answers: asked again next time
    if (answer.from_cache) continue;
    const bool altered = answer.found == Found::yes;
    if (altered && answer.token == record.token) continue;
    // Hidden from us is not gone: the new canary was read back, or the session showed who it is.
    if (!altered && (!answer.primary || !(cycle.verified || answer.identity_proved))) continue;
    record.state = RecordState::missing;
    if (!was_newest(record, standing(cycle), cycle.observation.started.wall))
      record.seen_absent = cycle.observation.started.wall;
    LedgerChange change;
    change.put = {record};
    const auto committed = co_await commit(std::move(change));
    if (!committed) co_return;  // told by the cycle's own commit
    if (altered) {
      note_altered(cycle, record);
    } else {
      note_missing(cycle, record);
    }
  }
  verify_ladder_at_ = now + options_.verify_every;
}

void WriteProbe::bound_loss(Cycle& cycle) const {
  if (cycle.look.newest_surviving) return;  // a record that was rolled back tells it better
  std::vector<Record> missing = all(RecordState::missing);
  std::erase_if(missing, [&](const Record& r) { return cycle.is_altered(r); });
  if (cycle.kept_absent) missing.push_back(all(RecordState::kept).back());
  const LossBounds bounds = loss_bounds(standing(cycle), missing);
  cycle.look.newest_surviving = bounds.newest_surviving;
  cycle.look.oldest_missing = bounds.oldest_missing;
}

// The new canary is verified: the one before it steps up, down or off.
void WriteProbe::climb(const Cycle& cycle, LedgerChange& change) const {
  if (options_.keep > 0) return keep_row(cycle, change);
  std::vector<Record> records = all(RecordState::sentinel);
  if (const auto kept = all(RecordState::kept); !kept.empty()) {
    Record previous = kept.front();
    // What was altered is no longer what we planted: expected as a lost one is, and never removed.
    if (cycle.kept_absent || cycle.is_altered(previous)) {
      previous.state = RecordState::missing;
      change.put.push_back(previous);
    } else {
      records.push_back(previous);
    }
  }
  const auto stay = on_ladder(options_.sentinels, records, cycle.observation.started.wall);
  for (Record& record : records) {
    const bool stays = std::ranges::binary_search(stay, record.seq);
    const RecordState before = record.state;
    record.state = stays ? RecordState::sentinel : RecordState::retired;
    if (record.state != before) change.put.push_back(record);
  }
}

}  // namespace deadcalm::probes
