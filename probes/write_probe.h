#pragma once
// The write cycle, one for all backends (docs/semantics.md, "The canary's life"):
//   reserve n on the ledger -> plant n -> read n -> compare -> look at the kept n-1 (the first sentinel)
//   -> commit "kept = n" -> [the observation is out] -> remove n-1 -> verify gone.
// A crash at any arrow leaves the ledger naming everything that may exist.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/observation.h"
#include "probes/backend.h"
#include "probes/known/known_record.h"
#include "probes/ledger.h"
#include "probes/restraint.h"
#include "runtime/clock.h"

namespace deadcalm::probes {

struct WriteProbeOptions {
  std::string service, probe;
  model::Millis timeout{10'000};           // plant to compare; the removal has as much again
  model::Millis consistency{5'000};        // how long an acknowledged record may stay unseen
  model::Millis slow_after{5'000};         // a verified cycle longer than this counts as slow
  std::vector<model::Millis> sentinels{};  // ages of the ladder's rungs; none: only the newest is kept
  model::Millis verify_every{600'000};     // between two reads of the older rungs
  int keep = 0;  // so many records updated in turn (keep_cycle.cpp); 0: each is planted and removed
  model::Millis interval{60'000};  // between regular looks: what back-off counts in
  Budget budget{};
};

// So many of our records may be in the backend at the same time if the budget gives no number: the two of a
// cycle (or those updated in turn), three of unknown fate, the ladder, and some that could not be removed.
std::int64_t usual_live_records(int keep, std::size_t rungs);
std::int64_t least_live_records(int keep, std::size_t rungs);  // without those that could not be removed

// What a search of the backend for own records that are not on the ledger came to.
struct Forgotten {
  bool searched = false;  // false: the backend cannot list them, or did not answer
  std::size_t removed = 0, left = 0;
};

struct WriteProbeDeps {
  runtime::Clock& clock;
  Ledger& ledger;
  model::Secret canary_key;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Backend> read_from;                 // may be null: then reads go through the same door
  std::vector<std::unique_ptr<KnownRecord>> known{};  // business records that a user named
};

using Publish = std::function<void(model::Observation)>;

// Loop thread only; one call at a time. Never throws but on cancellation.
class WriteProbe {
 public:
  // `stream` and `records` as the ledger has them (a new stream: next_seq 1, no records).
  WriteProbe(WriteProbeOptions options, WriteProbeDeps deps, model::Stream stream,
             std::vector<model::Record> records);

  // One cycle; publishes exactly one observation, before it removes anything.
  net::awaitable<void> run(Publish publish);

  // Removes what can be removed and plants nothing (after a restart, while paused).
  // Returns how many records are left besides the kept one.
  net::awaitable<std::size_t> clean_up();

  // A person accepts the present state as the new generation: what was missing is no longer expected
  // and removed if a restore brought it back; a managed container is created again if absent.
  net::awaitable<model::Result<void>> accept_generation();

  // Removes own records that the ledger has forgotten: a restored backup brought them back. To be called
  // where a person has said that the present state is to count, or that all has to go.
  net::awaitable<Forgotten> remove_forgotten();

  // Removes everything of ours, the kept canary included. Returns how many records could not be removed.
  net::awaitable<std::size_t> drop_all();

  // A token of our own stream with a number we never gave out was seen (a cloned or restored store).
  // The next observation says so, and numbering goes on above it.
  void note_seen(std::uint64_t seq);

  const model::Stream& stream() const { return stream_; }
  const std::vector<model::Record>& records() const { return records_; }
  const Backend& backend() const { return *deps_.backend; }
  // For people: what a verified cycle proves, and through which door the truth is read.
  std::string proves() const;
  const WriteProbeOptions& options() const { return options_; }

 private:
  struct Cycle;

  bool backs_off(Cycle& cycle) const;
  bool has_budget(Cycle& cycle);
  void note_throttling(const Cycle& cycle);
  model::Observation finished(Cycle cycle) const;
  net::awaitable<bool> make_room(Cycle& cycle);
  std::int64_t live_records() const;
  net::awaitable<bool> prepare(Cycle& cycle);
  net::awaitable<bool> reserve(Cycle& cycle);
  net::awaitable<bool> enter(Cycle& cycle);
  net::awaitable<void> truth_path(Cycle& cycle);
  net::awaitable<bool> plant(Cycle& cycle);
  net::awaitable<void> read_until_seen(Cycle& cycle);
  net::awaitable<void> judge_absence(Cycle& cycle, ReadAnswer last);
  net::awaitable<void> hedge_path(Cycle& cycle);
  net::awaitable<void> look_at_kept(Cycle& cycle, model::SteadyTime deadline);
  net::awaitable<void> look_at_missing(Cycle& cycle);
  net::awaitable<void> look_at_ladder(Cycle& cycle);
  void note_missing(Cycle& cycle, const model::Record& record);
  void note_altered(Cycle& cycle, const model::Record& record);
  void bound_loss(Cycle& cycle) const;
  void climb(const Cycle& cycle, LedgerChange& change) const;
  std::vector<model::Record> standing(const Cycle& cycle) const;
  model::SteadyTime after_cycle(const Cycle& cycle) const;

  // known_records.cpp
  bool counts(const KnownRecord& record) const;
  net::awaitable<void> look_at_known(Cycle& cycle);
  void accept_known(model::Stream& stream);
  net::awaitable<void> settle(Cycle& cycle);

  // keep_cycle.cpp
  bool updates_in_turn() const;
  bool is_update(const model::Record& record) const;
  bool may_hold(const model::Record& kept, const std::string& token) const;
  net::awaitable<void> update_path(Cycle& cycle);
  net::awaitable<std::optional<model::Record>> look_at_rows(Cycle& cycle);
  std::optional<model::Record> fail_unread(Cycle& cycle, const StepFailure& failure);
  void note_other_content(Cycle& cycle, const model::Record& row, const std::string& token);
  net::awaitable<void> note_absent(Cycle& cycle, std::vector<model::Record> absent, bool proved);
  net::awaitable<bool> reserve_update(Cycle& cycle, model::Record row);
  net::awaitable<bool> update(Cycle& cycle);
  void keep_row(const Cycle& cycle, LedgerChange& change) const;

  net::awaitable<std::size_t> sweep();
  net::awaitable<bool> remove_record(model::Record record, StepFailure& failure, model::Millis patience = {});
  net::awaitable<ReadAnswer> read_until_gone(Canary canary, model::SteadyTime deadline,
                                             model::Millis patience);
  net::awaitable<void> name_unnamed();
  net::awaitable<model::Result<void>> commit(LedgerChange change);

  model::Record* find_state(model::RecordState state);
  std::vector<model::Record> all(model::RecordState state) const;
  std::vector<model::Record> stray() const;  // of unknown fate, and nothing that is kept
  Backend& truth_door() { return deps_.read_from ? *deps_.read_from : *deps_.backend; }

  WriteProbeOptions options_;
  WriteProbeDeps deps_;
  model::Stream stream_;
  std::vector<model::Record> records_;  // what the ledger has, by number
  std::uint64_t foreign_seq_ = 0;       // to be told with the next observation
  StepFailure last_failure_;
  std::uint64_t accepted_below_ =
      0;  // of an older generation: removed if they come back, never planted again
  model::SteadyTime verify_ladder_at_{};  // a new process reads it at once
  model::SteadyTime verify_known_at_{};
  std::vector<std::string> known_gone_;  // at the last look, of those that count
  bool server_assigns_ids_ = false;
  DayBudget day_;
  Backoff backoff_;
};

}  // namespace deadcalm::probes
