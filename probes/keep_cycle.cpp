// The write cycle where records are updated in turn: read all of them, update the one whose turn it is,
// read it back. Reading comes first, because an update names the version it found; so the look at what was
// kept costs nothing more, and a failed update is at once told from a failed read.
//
// On the ledger a record of the backend has one row `kept`, and one `unresolved` for each update of unknown
// fate since: it may hold the token of any of them. A verified update forgets them all but its own.
#include <algorithm>

#include "model/duration.h"
#include "probes/ladder.h"
#include "probes/write_cycle.h"

namespace deadcalm::probes {

using model::Record;
using model::RecordState;

bool WriteProbe::updates_in_turn() const {
  const std::size_t rows = all(RecordState::kept).size() + all(RecordState::missing).size();
  return options_.keep > 0 && rows >= static_cast<std::size_t>(options_.keep);
}

// A record of unknown fate that is an update of a kept one: not a thing to remove.
bool WriteProbe::is_update(const Record& record) const {
  return std::ranges::any_of(records_, [&](const Record& kept) {
    return kept.state == RecordState::kept && kept.id == record.id && kept.seq != record.seq;
  });
}

// May the record that `kept` stands for hold this token, after all we know?
bool WriteProbe::may_hold(const Record& kept, const std::string& token) const {
  return std::ranges::any_of(records_, [&](const Record& r) { return r.id == kept.id && r.token == token; });
}

net::awaitable<void> WriteProbe::update_path(Cycle& cycle) {
  cycle.look.plant_attempted = true;
  cycle.kept_looked_at = true;
  std::optional<Record> turn = co_await look_at_rows(cycle);
  if (!turn) co_return;
  const bool reserved = co_await reserve_update(cycle, *turn);
  if (!reserved) co_return;
  const bool updated = co_await update(cycle);
  if (updated) co_await read_until_seen(cycle);
}

// Reads every kept record. The one whose turn it is: as we left it, and updated longest ago.
net::awaitable<std::optional<Record>> WriteProbe::look_at_rows(Cycle& cycle) {
  std::optional<Record> turn;
  std::vector<Record> absent;
  bool proved = false;
  model::WriteLook& look = cycle.look;
  const auto kept = all(RecordState::kept);
  look.rungs_expected = static_cast<int>(kept.size());
  for (const Record& row : kept) {
    const Canary canary = canary_of(row);
    const ReadAnswer answer = co_await deps_.backend->read(canary, cycle.deadline);
    if (answer.failure) {
      co_return fail_unread(cycle, *answer.failure);
    }
    if (answer.from_cache || answer.found == Found::no_answer) continue;
    proved = proved || answer.identity_proved;
    if (answer.found == Found::no) {
      if (answer.primary) absent.push_back(row);
      continue;
    }
    if (!may_hold(row, answer.token)) {
      note_other_content(cycle, row, answer.token);
      continue;
    }
    proved = true;
    if (look.sentinel == model::Sentinel::unknown) look.sentinel = model::Sentinel::present;
    if (!turn || row.seq < turn->seq) turn = row;
  }
  if (!absent.empty()) co_await note_absent(cycle, std::move(absent), proved);
  if (turn) {
    look.read_back = model::ReadBack::ok;  // until the update's own read says otherwise
  } else if (look.write == model::Write::unknown && cycle.observation.detail.empty()) {
    cycle.observation.step = "read";
    cycle.observation.detail =
        "no record is as we left it, so there is none to update before `deadcalm sentinels accept`";
  }
  co_return turn;
}

std::optional<Record> WriteProbe::fail_unread(Cycle& cycle, const StepFailure& failure) {
  cycle.fail("read", failure);
  model::WriteLook& look = cycle.look;
  if (failure.failure != model::Write::unknown) look.read_back = model::ReadBack::fail;
  if (failure.container_gone && stream_.armed) {
    look.sentinel = model::Sentinel::missing;
    look.rungs_missing = look.rungs_expected;
    look.newest_rung_missing = true;
  }
  return std::nullopt;
}

// An older token of our own: the backend was rolled back, by as much as lies between the two.
void WriteProbe::note_other_content(Cycle& cycle, const Record& row, const std::string& token) {
  const auto expected = model::decode(row.token, deps_.canary_key);
  const auto found = model::decode(token, deps_.canary_key);
  cycle.observation.step = "read";
  if (found && found->stream == stream_.name && found->seq >= stream_.next_seq) {
    cycle.look.foreign_seq = found->seq;  // we never wrote it: a clone of this store is at work
    stream_.next_seq = found->seq + 1;
    cycle.observation.detail = "a kept record holds a number of ours that we never gave out";
    return;
  }
  cycle.look.sentinel = model::Sentinel::reset;
  if (found && expected && found->stream == stream_.name && found->written < expected->written) {
    cycle.look.newest_surviving = found->written;
    cycle.look.oldest_missing = expected->written;
    cycle.observation.detail = "rolled back by " + model::for_people(expected->written - found->written) +
                               ": a kept record holds "
                               "an older token";
  } else {
    cycle.look.altered = true;
    cycle.observation.detail = "a kept record holds something else than was written";
  }
}

// Gone, or hidden from us? Gone where this session has shown that it sees what is ours. Stays expected
// until a read finds it again (look_at_missing, in this very cycle first) or a person accepts.
net::awaitable<void> WriteProbe::note_absent(Cycle& cycle, std::vector<Record> absent, bool proved) {
  if (!proved) {
    cycle.look.read_back = model::ReadBack::fail;
    cycle.fail("read", {model::Write::auth,
                        "the kept records are not there for this session, which has not shown who it is "
                        "(another tenant?)"});
    co_return;
  }
  std::vector<Record> there = all(RecordState::kept);
  std::erase_if(
      there, [&](const Record& r) { return std::ranges::find(absent, r.seq, &Record::seq) != absent.end(); });
  LedgerChange change;
  for (Record& record : absent) {
    record.state = RecordState::missing;
    if (!was_newest(record, there, cycle.observation.started.wall))
      record.seen_absent = cycle.observation.started.wall;
    change.put.push_back(record);
  }
  cycle.look.rungs_expected -= static_cast<int>(absent.size());  // counted with the missing ones
  const auto committed = co_await commit(std::move(change));
  if (!committed) cycle.fail_ledger(committed.error());
}

net::awaitable<bool> WriteProbe::reserve_update(Cycle& cycle, Record row) {
  std::vector<Record> unresolved = all(RecordState::unresolved);
  std::erase_if(unresolved, [&](const Record& r) { return r.id != row.id; });
  if (unresolved.size() >= kUnresolvedLimit) {  // enough of them: the oldest is sent again
    cycle.record = unresolved.front();
    cycle.canary = canary_of(cycle.record);
    co_return true;
  }
  const std::uint64_t seq = stream_.next_seq;
  const model::WallTime now = cycle.observation.started.wall;
  cycle.canary = make_canary(stream_.name, seq, now, deps_.canary_key);
  cycle.canary.record_id = row.id;
  cycle.record = {stream_.name, seq, RecordState::reserved, cycle.canary.token, row.id, now, {}};
  co_return co_await enter(cycle);
}

net::awaitable<bool> WriteProbe::update(Cycle& cycle) {
  model::WriteLook& look = cycle.look;
  look.seq = cycle.canary.seq;
  look.planted_at = deps_.clock.now();
  const RecordState before = cycle.record.state;
  const UpdateAnswer answer = co_await deps_.backend->update(cycle.canary, cycle.deadline);
  look.plant_time = deps_.clock.now().steady - look.planted_at.steady;
  if (answer.absent) {  // a moment ago it was there; the next cycle's reads tell
    cycle.fail("update", {model::Write::contract, "the record is gone since it was read"});
    co_return false;
  }
  if (answer.failure) {
    StepFailure failure = *answer.failure;
    if (failure.looks_misconfigured && !stream_.armed) failure.failure = model::Write::contract;
    cycle.fail("update", failure);
    cycle.record.state = failure.maybe_done ? RecordState::unresolved : before;
    co_return false;
  }
  look.write = model::Write::ok;
  look.acknowledged = true;
  cycle.record.state = RecordState::unresolved;  // it holds the new token; not verified yet
  co_return true;
}

// The new token is verified: it stands for its record now. While records are still being made, the ones
// before stay as they are.
void WriteProbe::keep_row(const Cycle& cycle, LedgerChange& change) const {
  for (const Record& record : records_) {
    if (record.seq == cycle.record.seq) continue;
    if (record.id == cycle.record.id) change.forget.push_back(record.seq);
  }
  if (!cycle.kept_absent) return;
  Record newest = all(RecordState::kept).back();
  newest.state = RecordState::missing;
  change.put.push_back(newest);
}

}  // namespace deadcalm::probes
