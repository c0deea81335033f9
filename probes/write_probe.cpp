// Why the look at the kept record runs beside the plant: when a backend accepts and never answers, the
// plant uses up the whole time-out. Reading the kept record only afterwards would double the time to a
// page. So half-way through (or as soon as the truth path fails) the hedge path reads it, within the
// same deadline: one look never takes longer than `timeout`, and still says whether reading works.
#include "probes/write_probe.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "model/duration.h"
#include "probes/ladder.h"
#include "probes/write_cycle.h"

namespace deadcalm::probes {

using model::Record;
using model::RecordState;
using namespace net::experimental::awaitable_operators;

namespace {

constexpr std::int64_t kSomeLeftOver = 5;

std::string lag_in_words(const ReadAnswer& answer) {
  std::string text;
  if (answer.lag) text = ": replica is " + std::to_string((answer.lag->count() + 500) / 1000) + " s behind";
  if (answer.replay_paused) text += ", its replay is paused";
  return text;
}

}  // namespace

std::int64_t least_live_records(int keep, std::size_t rungs) {
  const std::int64_t of_a_cycle = keep > 0 ? keep : 2;
  return of_a_cycle + static_cast<std::int64_t>(kUnresolvedLimit + rungs);
}

std::int64_t usual_live_records(int keep, std::size_t rungs) {
  return least_live_records(keep, rungs) + kSomeLeftOver;
}

WriteProbe::WriteProbe(WriteProbeOptions options, WriteProbeDeps deps, model::Stream stream,
                       std::vector<Record> records)
    : options_(std::move(options)),
      deps_(std::move(deps)),
      stream_(std::move(stream)),
      records_(std::move(records)),
      day_(options_.budget.canaries_a_day),
      backoff_(options_.interval) {
  if (options_.budget.live_records == 0)
    options_.budget.live_records = usual_live_records(options_.keep, most_on_ladder(options_.sentinels));
  // A reserved record survived a crash: its plant may or may not have happened.
  for (Record& record : records_) {
    if (record.state == RecordState::reserved) record.state = RecordState::unresolved;
  }
  server_assigns_ids_ = deps_.backend->describe({stream_.name, 1, "", ""}).server_assigns_ids;
}

Record* WriteProbe::find_state(RecordState state) {
  const auto it = std::ranges::find(records_.rbegin(), records_.rend(), state, &Record::state);
  return it == records_.rend() ? nullptr : &*it;
}

std::vector<Record> WriteProbe::all(RecordState state) const {
  std::vector<Record> found;
  std::ranges::copy_if(records_, std::back_inserter(found),
                       [&](const Record& r) { return r.state == state; });
  return found;
}

std::vector<Record> WriteProbe::stray() const {
  auto records = all(RecordState::unresolved);
  std::erase_if(records, [&](const Record& r) { return is_update(r); });
  return records;
}

std::string WriteProbe::proves() const {
  const std::string written = deps_.backend->describe({}).proves;
  if (!deps_.read_from) return written + ", read through the same door";
  return written + "; " + deps_.read_from->describe({}).proves;
}

void WriteProbe::note_seen(std::uint64_t seq) {
  if (seq < stream_.next_seq) return;
  foreign_seq_ = seq;
  stream_.next_seq = seq + 1;
}

// Commits, and only then believes it in memory.
net::awaitable<model::Result<void>> WriteProbe::commit(LedgerChange change) {
  auto result = co_await deps_.ledger.commit(stream_.name, change);
  if (!result) co_return result;
  if (change.stream) stream_ = *change.stream;
  for (const Record& record : change.put) {
    const auto it = std::ranges::find(records_, record.seq, &Record::seq);
    if (it != records_.end()) {
      *it = record;
    } else {
      records_.push_back(record);
    }
  }
  std::erase_if(records_, [&](const Record& r) {
    return std::ranges::find(change.forget, r.seq) != change.forget.end();
  });
  co_return result;
}

net::awaitable<void> WriteProbe::run(Publish publish) {
  Cycle cycle;
  cycle.observation.service = options_.service;
  cycle.observation.probe = options_.probe;
  cycle.observation.started = deps_.clock.now();
  cycle.deadline = cycle.observation.started.steady + options_.timeout;
  cycle.look.foreign_seq = std::exchange(foreign_seq_, 0);

  // The whole cycle, a line a step.
  const bool in_turn = updates_in_turn();
  if (backs_off(cycle)) co_return publish(finished(std::move(cycle)));
  const bool may = has_budget(cycle);
  bool go = may && !in_turn && co_await make_room(cycle);
  if (go) go = co_await prepare(cycle);
  if (go) go = co_await reserve(cycle);
  if (in_turn && may) {
    co_await update_path(cycle);
  } else if (in_turn) {
    (void)co_await look_at_rows(cycle);
  } else if (go) {
    co_await (truth_path(cycle) && hedge_path(cycle));
  } else {
    co_await look_at_kept(cycle, cycle.deadline);
  }
  cycle.observation.ended = deps_.clock.now();
  co_await look_at_missing(cycle);
  co_await look_at_ladder(cycle);
  co_await look_at_known(cycle);
  bound_loss(cycle);
  co_await settle(cycle);
  note_throttling(cycle);

  const bool verified = cycle.verified;
  publish(finished(std::move(cycle)));
  if (verified) co_await sweep();
  deps_.backend->finish();
  if (deps_.read_from) deps_.read_from->finish();
}

model::Observation WriteProbe::finished(Cycle cycle) const {
  if (cycle.observation.ended.steady < cycle.observation.started.steady)
    cycle.observation.ended = deps_.clock.now();
  cycle.look.armed = stream_.armed;
  const auto credential = deps_.backend->credential_expiry();
  if (credential && !credential->renews) cycle.look.credential_ends = credential->at;
  cycle.observation.look = cycle.look;
  return std::move(cycle.observation);
}

void WriteProbe::note_throttling(const Cycle& cycle) {
  if (cycle.look.write == model::Write::throttle) {
    backoff_.throttled(cycle.observation.started.steady, cycle.retry_after);
  } else if (cycle.look.write != model::Write::unknown) {
    backoff_.answered();
  }
}

// A backend that throttles is left alone for a while: nothing is sent, and the last word still holds.
bool WriteProbe::backs_off(Cycle& cycle) const {
  const model::Instant now = cycle.observation.started;
  if (!backoff_.holds(now.steady)) return false;
  cycle.fail("plant",
             {model::Write::throttle,
              "throttled " + std::to_string(backoff_.in_a_row()) + " times in a row: left alone until " +
                  model::clock_utc(now.wall + (backoff_.until() - now.steady)),
              false, false, false});
  return true;
}

// Regular looks are always within the budget (checked when the configuration is loaded); those beside them
// may have to wait. Then only what was kept is read.
bool WriteProbe::has_budget(Cycle& cycle) {
  const model::Instant now = cycle.observation.started;
  if (day_.take(now.steady)) return true;
  cycle.fail("budget",
             {model::Write::unknown,
              "nothing is planted before " + model::clock_utc(now.wall + (day_.next() - now.steady)) +
                  ": the budget is " + std::to_string(options_.budget.canaries_a_day) + " canaries a day",
              false, false, false});
  return false;
}

// Before another is planted: three of unknown fate are enough, the oldest has to be settled; and what could
// not be removed is removed once there is too much of it.
net::awaitable<bool> WriteProbe::make_room(Cycle& cycle) {
  auto unresolved = stray();
  std::erase_if(unresolved, [&](const Record& r) { return r.seq < accepted_below_; });
  StepFailure failure;
  if (unresolved.size() >= kUnresolvedLimit) {
    const Record& oldest = unresolved.front();
    const bool settled = co_await remove_record(oldest, failure);
    if (settled) co_return true;
    if (failure.failure == model::Write::ok && !server_assigns_ids_) {
      // Absent, but perhaps still on its way: planting that very record again makes no new one.
      cycle.record = *std::ranges::find(records_, oldest.seq, &Record::seq);
      cycle.canary = canary_of(cycle.record);
      co_return true;
    }
    if (failure.failure == model::Write::ok) failure = last_failure_;
    failure.detail += " (3 records of unknown fate; the oldest has to be settled before another is planted)";
  } else {
    const auto retired = all(RecordState::retired);
    if (retired.empty() || live_records() < options_.budget.live_records) co_return true;
    const bool removed = co_await remove_record(retired.front(), failure);
    if (removed) co_return true;
    failure.detail +=
        " (" + std::to_string(live_records()) +
        " records of ours are there, as many as the budget allows: the oldest has to be removed "
        "before another is planted)";
  }
  // We did try to write, and were answered: how old the data is still counts.
  cycle.look.plant_attempted = true;
  cycle.fail("clean-up", failure);
  co_return false;
}

std::int64_t WriteProbe::live_records() const {
  return std::ranges::count_if(records_, [](const Record& r) { return r.state != RecordState::missing; });
}

net::awaitable<bool> WriteProbe::prepare(Cycle& cycle) {
  if (stream_.container_created) co_return true;
  const PrepareAnswer answer = co_await deps_.backend->prepare(true, cycle.deadline);
  if (answer.failure) {
    cycle.look.plant_attempted = true;
    cycle.fail("prepare", *answer.failure);
    co_return false;
  }
  LedgerChange change;
  change.stream = stream_;
  change.stream->container_created = true;
  change.stream->container_identity = answer.container_identity;
  const auto committed = co_await commit(std::move(change));
  if (!committed) cycle.fail_ledger(committed.error());
  co_return committed.has_value();
}

net::awaitable<bool> WriteProbe::reserve(Cycle& cycle) {
  if (cycle.record.seq != 0) co_return true;  // planted again: on the ledger already
  const std::uint64_t seq = stream_.next_seq;
  cycle.canary = make_canary(stream_.name, seq, cycle.observation.started.wall, deps_.canary_key);
  cycle.record = {stream_.name,
                  seq,
                  RecordState::reserved,
                  cycle.canary.token,
                  cycle.canary.record_id,
                  cycle.observation.started.wall,
                  {}};
  if (server_assigns_ids_) cycle.record.id = cycle.canary.record_id = "";
  co_return co_await enter(cycle);
}

// The cycle's record is on the ledger, and its number given out, before anything of it is sent.
net::awaitable<bool> WriteProbe::enter(Cycle& cycle) {
  LedgerChange change;
  change.stream = stream_;
  change.stream->next_seq = cycle.record.seq + 1;
  change.put = {cycle.record};
  const auto committed = co_await commit(std::move(change));
  if (!committed) cycle.fail_ledger(committed.error());
  co_return committed.has_value();
}

net::awaitable<void> WriteProbe::truth_path(Cycle& cycle) {
  const bool planted = co_await plant(cycle);
  if (planted) co_await read_until_seen(cycle);
  if (cycle.verified && !cycle.kept_looked_at) {
    const model::SteadyTime deadline = deps_.clock.now().steady + options_.timeout;
    co_await look_at_kept(cycle, deadline);
  }
  cycle.truth_done.set();
}

net::awaitable<bool> WriteProbe::plant(Cycle& cycle) {
  cycle.look.plant_attempted = true;
  cycle.look.seq = cycle.canary.seq;
  cycle.look.planted_at = deps_.clock.now();
  const PlantAnswer answer = co_await deps_.backend->plant(cycle.canary, cycle.deadline);
  cycle.look.plant_time = deps_.clock.now().steady - cycle.look.planted_at.steady;
  if (answer.failure) {
    StepFailure failure = *answer.failure;
    if (failure.looks_misconfigured && !stream_.armed) failure.failure = model::Write::contract;
    last_failure_ = failure;
    cycle.fail("plant", failure);
    cycle.record.state = failure.maybe_done ? RecordState::unresolved : RecordState::reserved;
    co_return false;
  }
  cycle.look.write = model::Write::ok;
  cycle.look.acknowledged = true;
  cycle.record.state = RecordState::unresolved;  // it exists; not verified yet
  if (!answer.record_id.empty()) cycle.record.id = cycle.canary.record_id = answer.record_id;
  co_return true;
}

// Reads until the record shows up. An acknowledged record that two answers past `consistency` call
// absent is judged; everything before that is waiting.
net::awaitable<void> WriteProbe::read_until_seen(Cycle& cycle) {
  const model::SteadyTime acknowledged = deps_.clock.now().steady;
  model::Millis pause = kFirstReread;
  int absent_late = 0;
  while (true) {
    const model::SteadyTime asked = deps_.clock.now().steady;
    const bool waited = asked >= acknowledged + options_.consistency;
    const ReadAnswer answer =
        co_await truth_door().read(cycle.canary, std::max(cycle.deadline, asked + options_.timeout / 2));
    cycle.look.read_time = deps_.clock.now().steady - acknowledged;
    cycle.look.replica_lag = answer.lag;
    if (answer.failure) {
      cycle.look.read_back = model::ReadBack::fail;
      // A good status with the wrong content is the API's contract broken, not a read path that is down.
      const bool contract = answer.failure->failure == model::Write::contract;
      cycle.fail("read", *answer.failure);
      if (!contract) cycle.look.write = model::Write::ok;
      co_return;
    }
    if (answer.from_cache) {
      cycle.look.read_back = model::ReadBack::unknown;
      cycle.observation.step = "read";
      cycle.observation.detail = "the read at the source of truth was answered by a cache; it proves nothing";
      co_return;
    }
    // An update that is not seen yet: the record is there with what it held before.
    const bool as_before =
        updates_in_turn() && answer.token != cycle.canary.token && may_hold(cycle.record, answer.token);
    if (answer.found == Found::yes && !as_before) {
      if (answer.token != cycle.canary.token) {
        cycle.look.read_back = model::ReadBack::fail;
        cycle.fail("compare",
                   {model::Write::contract, "the record came back with other content than was written"});
        co_return;
      }
      cycle.look.read_back = model::ReadBack::ok;
      cycle.verified = true;
      const model::Millis took = deps_.clock.now().steady - cycle.look.planted_at.steady;
      cycle.look.slow = took > options_.slow_after;
      if (cycle.look.slow) {
        cycle.observation.step = "plant to compare";
        cycle.observation.detail = "slow: " + std::to_string(took.count()) + " ms";
      }
      co_return;
    }
    if (waited && ++absent_late == 2) {
      co_await judge_absence(cycle, answer);
      co_return;
    }
    co_await deps_.clock.sleep_for(pause);
    pause = std::min(pause * 2, kLongestReread);
  }
}

// Acknowledged and not there. Gone for good, only late on a replica, or hidden from us?
net::awaitable<void> WriteProbe::judge_absence(Cycle& cycle, ReadAnswer last) {
  cycle.look.read_back = model::ReadBack::fail;
  cycle.observation.step = "read";
  if (!last.primary) {
    cycle.observation.detail = "acknowledged, and not on the replica yet" + lag_in_words(last);
    co_return;
  }
  bool identity_proved = last.identity_proved;
  if (const Record* kept = find_state(RecordState::kept); kept != nullptr && !identity_proved) {
    const Canary canary = canary_of(*kept);
    const ReadAnswer answer = co_await truth_door().read(canary, deps_.clock.now().steady + options_.timeout);
    identity_proved = answer.found == Found::yes && answer.token == canary.token;
  }
  if (identity_proved) {
    cycle.look.read_back = model::ReadBack::lost;
    cycle.observation.detail = "acknowledged, and gone when read back at the source";
    // Where a kept record was updated, that one is what is missing, or holds what it held before.
    cycle.record.state = updates_in_turn() ? RecordState::reserved : RecordState::missing;
  } else {
    cycle.fail("read", {model::Write::auth,
                        "acknowledged, but this session cannot see the record and has not shown who it is "
                        "(row-level security? another tenant?)"});
  }
}

net::awaitable<void> WriteProbe::hedge_path(Cycle& cycle) {
  const model::SteadyTime half = cycle.observation.started.steady + options_.timeout / 2;
  co_await deps_.clock.wait(cycle.truth_done, half);
  if (!cycle.verified && !cycle.kept_looked_at) co_await look_at_kept(cycle, cycle.deadline);
}

// What the ledger has to know of this cycle, in one commit.
net::awaitable<void> WriteProbe::settle(Cycle& cycle) {
  LedgerChange change;
  if (cycle.verified) {
    climb(cycle, change);
    cycle.record.state = RecordState::kept;
    change.put.push_back(cycle.record);
    if (!stream_.armed) {
      change.stream = stream_;
      change.stream->armed = true;
    }
  } else if (cycle.look.plant_attempted && cycle.record.seq != 0) {
    if (cycle.record.state == RecordState::reserved) {
      change.forget = {cycle.record.seq};  // never left this machine, or was refused
    } else {
      change.put = {cycle.record};
    }
  }
  if (change.put.empty() && change.forget.empty() && !change.stream) co_return;
  const auto committed = co_await commit(std::move(change));
  if (committed) co_return;
  // Not durable, so not proved: after a restart the record would be one of unknown fate.
  cycle.verified = false;
  cycle.fail_ledger(committed.error());
}

}  // namespace deadcalm::probes
