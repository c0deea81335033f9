// What a write probe does about records that should not be there any more: the part of the class that
// removes, as write_probe.cpp has the part that plants.
#include <algorithm>

#include "probes/write_cycle.h"

namespace deadcalm::probes {

using model::Record;
using model::RecordState;

namespace {

constexpr model::Millis kGoneTwiceApart{600'000};

}  // namespace

// Removes everything that is no longer needed; returns how much of it is left.
net::awaitable<std::size_t> WriteProbe::sweep() {
  co_await name_unnamed();
  std::vector<Record> unwanted = all(RecordState::retired);
  const auto unresolved = stray();
  unwanted.insert(unwanted.end(), unresolved.begin(), unresolved.end());
  std::size_t left = 0;
  for (const Record& record : unwanted) {
    StepFailure failure;
    const bool removed = co_await remove_record(record, failure, options_.consistency);
    if (!removed) ++left;
  }
  co_return left;
}

// Server-assigned ids: a crash between request and answer leaves a record that only find() can name.
net::awaitable<void> WriteProbe::name_unnamed() {
  auto unnamed = all(RecordState::unresolved);
  std::erase_if(unnamed, [](const Record& r) { return !r.id.empty(); });
  if (unnamed.empty()) co_return;
  const FindAnswer answer =
      co_await deps_.backend->find(stream_.name, deps_.clock.now().steady + options_.timeout);
  if (answer.failure) co_return;
  LedgerChange change;
  for (Record& record : unnamed) {
    const auto it = std::ranges::find(answer.records, record.token, &FoundRecord::token);
    const model::WallTime now = deps_.clock.now().wall;
    if (it != answer.records.end()) {
      record.id = it->record_id;
      record.seen_absent.reset();
      change.put.push_back(record);
    } else if (record.seen_absent && now - *record.seen_absent >= kGoneTwiceApart) {
      change.forget.push_back(record.seq);
    } else if (!record.seen_absent) {
      record.seen_absent = now;
      change.put.push_back(record);
    }
  }
  if (!change.put.empty() || !change.forget.empty()) (void)co_await commit(std::move(change));
}

// True when the record is gone and off the ledger. An unresolved one that is absent may still be on its
// way, so it counts as gone only when seen so twice, at least ten minutes apart; then `failure` is ok.
// A store that is eventually consistent has `patience` to show that it is gone; then it is a leftover, which
// is counted, told and tried again.
net::awaitable<bool> WriteProbe::remove_record(Record record, StepFailure& failure, model::Millis patience) {
  failure = {};
  failure.failure = model::Write::ok;
  if (record.id.empty()) {
    co_await name_unnamed();
    const auto named = std::ranges::find(records_, record.seq, &Record::seq);
    if (named == records_.end()) co_return true;
    record = *named;
    if (record.id.empty()) co_return false;
  }
  const Canary canary = canary_of(record);
  const model::SteadyTime deadline = deps_.clock.now().steady + options_.timeout;
  // A record whose plant was judged exists for certain; one of unknown fate does if it can be read.
  bool certain = record.state != RecordState::unresolved;
  if (!certain) {
    const ReadAnswer before = co_await deps_.backend->read(canary, deadline);
    certain = before.found == Found::yes;
    if (certain && before.token != record.token) {
      // Not what we planted: somebody else's now, and not ours to remove.
      LedgerChange change;
      change.forget = {record.seq};
      const auto forgotten = co_await commit(std::move(change));
      co_return forgotten.has_value();
    }
  }
  const RemoveAnswer removal = co_await deps_.backend->remove(canary, deadline);
  if (removal.failure) {
    failure = *removal.failure;
    co_return false;
  }
  const ReadAnswer after = co_await read_until_gone(canary, deadline, patience);
  if (after.found != Found::no) {
    failure = after.failure ? *after.failure
                            : StepFailure{model::Write::contract, "removed, and still there when read again"};
    co_return false;
  }
  LedgerChange change;
  const model::WallTime now = deps_.clock.now().wall;
  certain = certain || removal.removed == Removed::yes;
  if (!certain && !(record.seen_absent && now - *record.seen_absent >= kGoneTwiceApart)) {
    if (!record.seen_absent) {
      record.seen_absent = now;
      change.put = {record};
      (void)co_await commit(std::move(change));
    }
    co_return false;
  }
  change.forget = {record.seq};
  const auto committed = co_await commit(std::move(change));
  if (!committed)
    failure = StepFailure{model::Write::unknown, committed.error().message, false, false, false};
  co_return committed.has_value();
}

net::awaitable<ReadAnswer> WriteProbe::read_until_gone(Canary canary, model::SteadyTime deadline,
                                                       model::Millis patience) {
  const model::SteadyTime bound = std::min(deps_.clock.now().steady + patience, deadline);
  model::Millis pause = kFirstReread;
  while (true) {
    ReadAnswer answer = co_await deps_.backend->read(canary, deadline);
    if (answer.found != Found::yes || deps_.clock.now().steady + pause > bound) co_return answer;
    co_await deps_.clock.sleep_for(pause);
    pause = std::min(pause * 2, kLongestReread);
  }
}

net::awaitable<Forgotten> WriteProbe::remove_forgotten() {
  Forgotten result;
  const FindAnswer answer =
      co_await deps_.backend->find(stream_.name, deps_.clock.now().steady + options_.timeout);
  result.searched = !answer.failure.has_value();
  for (const FoundRecord& found : answer.records) {
    const auto token = model::decode(found.token, deps_.canary_key);
    const bool ours = token && token->stream == stream_.name && token->seq < stream_.next_seq;
    const bool known = ours && std::ranges::any_of(records_, [&](const Record& r) {
                         return r.token == found.token || r.seq == token->seq;
                       });
    if (!ours || known) continue;
    // On the ledger before anything is sent, as everything of ours.
    Record record{stream_.name,   token->seq, RecordState::unresolved, found.token, found.record_id,
                  token->written, {}};
    LedgerChange change;
    change.put = {record};
    const auto noted = co_await commit(std::move(change));
    StepFailure failure;
    const bool removed = noted && co_await remove_record(record, failure, options_.consistency);
    ++(removed ? result.removed : result.left);
  }
  deps_.backend->finish();
  co_return result;
}

net::awaitable<std::size_t> WriteProbe::clean_up() {
  const std::size_t left = co_await sweep();
  deps_.backend->finish();
  co_return left;
}

net::awaitable<model::Result<void>> WriteProbe::accept_generation() {
  const model::SteadyTime deadline = deps_.clock.now().steady + options_.timeout;
  const PrepareAnswer prepared = co_await deps_.backend->prepare(true, deadline);
  if (prepared.failure) co_return model::fail(model::ErrorKind::unavailable, prepared.failure->detail);
  LedgerChange change;
  change.stream = stream_;
  change.stream->container_created = true;
  change.stream->container_identity = prepared.container_identity;
  accept_known(*change.stream);
  // No longer expected. Retired, not forgotten: a restore may bring them back, and then they go.
  for (Record record : records_) {
    bool gone = record.state == RecordState::missing;
    if (record.state == RecordState::kept || record.state == RecordState::sentinel) {
      const Canary canary = canary_of(record);
      const ReadAnswer answer = co_await truth_door().read(canary, deadline);
      gone = answer.found == Found::no;
      // Where records are updated in turn, one that holds something else is evidence and never overwritten:
      // once that is accepted, another takes its place.
      if (options_.keep > 0 && answer.found == Found::yes && !may_hold(record, answer.token)) {
        record.state = RecordState::retired;
        change.put.push_back(record);
      }
    }
    if (gone) {
      record.state = RecordState::unresolved;
      record.seen_absent.reset();
      change.put.push_back(record);
    }
  }
  auto committed = co_await commit(std::move(change));
  if (committed) {
    accepted_below_ = stream_.next_seq;
    co_await sweep();
  }
  deps_.backend->finish();
  co_return committed;
}

net::awaitable<std::size_t> WriteProbe::drop_all() {
  LedgerChange change;
  for (Record record : records_) {
    if (is_update(record)) change.forget.push_back(record.seq);  // it goes with the record it updates
    if (record.state == RecordState::unresolved) continue;
    if (record.state == RecordState::missing) {
      const Canary canary = canary_of(record);
      const ReadAnswer answer =
          co_await truth_door().read(canary, deps_.clock.now().steady + options_.timeout);
      if (answer.found == Found::yes && answer.token != record.token) {
        change.forget.push_back(record.seq);  // altered: somebody else's now
        continue;
      }
    }
    record.state = RecordState::retired;
    change.put.push_back(record);
  }
  if (!change.put.empty() || !change.forget.empty()) {
    const auto committed = co_await commit(std::move(change));
    if (!committed) co_return records_.size();
  }
  const std::size_t left = co_await sweep();
  deps_.backend->finish();
  co_return left;
}

}  // namespace deadcalm::probes
