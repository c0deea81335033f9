#pragma once
// The loop: due -> look -> evaluate -> commit. Owns the probes and the evaluator's state; everything
// here runs on the loop thread. A transition counts when it is committed; only then on_inbox is called.
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "evaluator/evaluate.h"
#include "model/status.h"
#include "monitor/plan.h"
#include "monitor/schedule.h"
#include "runtime/clock.h"
#include "runtime/event.h"
#include "runtime/task_group.h"
#include "store/store_thread.h"

namespace deadcalm::monitor {

struct MonitorDeps {
  net::any_io_executor executor;
  runtime::Clock& clock;
  store::StoreThread& store;
  std::function<void()> on_inbox;                                 // something new for alerting
  std::function<void(const model::Observation&)> on_observation;  // may be empty
  std::function<void(const model::Transition&)> on_transition;    // committed; may be empty
  std::function<void(const model::Transition&)> on_refused;  // the store would not take it yet; may be empty
  std::function<void(const std::string&)> on_failure;        // a task of ours ended by a bug: drain and exit
  std::function<void(model::Millis)> on_start{};  // a look begins so long after its slot; may be empty
};

class Monitor {
 public:
  Monitor(Plan plan, MonitorDeps deps);
  ~Monitor();

  // Reads the evaluator's states and the command cursor. Call once, before start().
  net::awaitable<model::Result<void>> restore();
  void start();
  // No new looks; waits for those under way (a cycle cut in the middle leaves work for the next start),
  // at most `patience`, then cancels them.
  net::awaitable<void> stop(model::Millis patience);

  model::SiteStatus status() const;
  // A job tells that it started, ended well or failed. Durable, and looked at, when it resumes without an
  // error; not_found: no such heartbeat is configured.
  net::awaitable<model::Result<void>> beat(std::string name, model::Beat beat, int exit_code);
  // Reads new commands soon, without waiting for the next poll.
  void poke();

 private:
  enum class Kind : std::uint8_t { write, view, traffic, wake, anchors, site_wake, commands, prune };
  struct Thing;
  struct Service;
  class Finish;
  using Operation = std::function<net::awaitable<void>()>;

  // monitor.cpp: what runs when
  net::awaitable<void> scheduler();
  void start_thing(Agenda::Id id, bool rechecking);
  void launch(Agenda::Id id);
  net::awaitable<void> run_thing(Agenda::Id id);
  net::awaitable<void> run_operation(Agenda::Id id, Operation operation);
  void finished(Agenda::Id id);
  static bool is_look(Kind kind);
  static bool is_of_service(Kind kind);  // a look at a service: one of those whose number is bounded
  void note_lateness(model::Millis late, model::Millis interval);
  void request_now(Agenda::Id id);
  void set_due(Agenda::Id id, SteadyTime due);
  // Runs when the probe is not in the middle of a cycle.
  void with_probe(Agenda::Id id, Operation operation);

  // judge.cpp: from an observation to the store
  net::awaitable<void> look_write(Service& service, std::size_t index);
  net::awaitable<void> look_view(Service& service, std::size_t index);
  net::awaitable<void> look_anchors();
  void take(Service& service, model::Observation observation);
  void judge(Service& service, const evaluator::Event& event);
  void judge_site(const evaluator::Event& event);
  void apply(Service& service, const evaluator::Wishes& wishes);
  void save(Service& service, std::vector<model::Transition> transitions, bool must);
  net::awaitable<void> commit(store::Batch batch);
  void tally(Service& service);

  // traffic.cpp: who else writes
  net::awaitable<void> look_traffic(Service& service);
  net::awaitable<void> learn_from_the_past(Service& service, TrafficPlan& plan);
  void restore_traffic(Service& service, const std::vector<store::Document>& histories);
  void save_traffic(Service& service);

  // count_looks.cpp, prune.cpp
  void count_look(Service& service, std::size_t index, const model::Observation& observation);
  void restore_counts(Service& service, const std::vector<store::Document>& counts);
  net::awaitable<void> prune();

  // heartbeats.cpp
  net::awaitable<model::Result<void>> restore_heartbeats();

  // commands.cpp: what people say
  net::awaitable<void> read_commands();
  void obey(const model::Command& command, store::Batch& batch);
  void obey(Service& service, const model::Command& command);
  net::awaitable<void> drop_sentinels(Service& service, probes::WriteProbe& probe);
  net::awaitable<void> accept_sentinels(Service& service, probes::WriteProbe& probe);
  void pause(Service& service, bool paused, store::Batch& batch);

  Plan plan_;
  MonitorDeps deps_;
  std::vector<std::unique_ptr<Service>> services_;
  std::vector<Thing> things_;
  Agenda::Id anchors_id_ = 0, site_wake_id_ = 0, commands_id_ = 0, prune_id_ = 0;
  std::unique_ptr<Agenda> agenda_;
  runtime::Event rescheduled_;  // wakes the scheduler
  runtime::Event idle_;         // while stopping: nothing runs any more
  evaluator::SiteState site_;
  bool stopping_ = false;
  std::size_t running_ = 0;
  std::size_t in_flight_ = 0;       // looks at services among them
  std::deque<Agenda::Id> waiting_;  // for one of those to end, oldest first
  bool loop_late_ = false;
  model::Instant started_{};
  std::optional<model::WallTime> loop_last_run_;
  model::Millis lateness_{};
  std::deque<store::Batch> not_durable_;  // refused by the store: tried again until they are
  std::string store_error_;
  std::int64_t command_cursor_ = 0, command_cursor_kept_ = 0;  // as read, and as it is in the store
  std::set<std::string> proved_anchors_;
  runtime::TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace deadcalm::monitor
