#include "monitor/monitor.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "monitor/parts.h"
#include "monitor/state_json.h"

namespace deadcalm::monitor {

namespace {
constexpr model::Millis kCommandPoll{500};
constexpr int kLateIntervals = 3;
}  // namespace

Monitor::Monitor(Plan plan, MonitorDeps deps)
    : plan_(std::move(plan)),
      deps_(std::move(deps)),
      tasks_(deps_.executor, [this](const std::string& task, const std::string& what) {
        spdlog::error("{} failed: {}", task, what);
        if (deps_.on_failure) deps_.on_failure(task + ": " + what);
      }) {
  const auto add = [this](Kind kind, std::uint32_t service, std::uint32_t index, model::Millis interval) {
    Thing& thing = things_.emplace_back();
    thing.kind = kind;
    thing.service = service;
    thing.index = index;
    thing.interval = interval;
    return static_cast<Agenda::Id>(things_.size() - 1);
  };
  for (ServicePlan& service_plan : plan_.services) {
    auto service = std::make_unique<Service>();
    service->plan = std::move(service_plan);
    service->number = static_cast<std::uint32_t>(services_.size());
    for (std::uint32_t i = 0; i < service->plan.writes.size(); ++i) {
      const WritePlan& write = service->plan.writes[i];
      service->write_ids.push_back(add(Kind::write, service->number, i, write.interval));
      model::WriteStatus& status = service->write_status.emplace_back();
      status.probe = write.probe->options().probe;
      status.proves = write.probe->proves();
      service->write_counts.emplace_back();
    }
    for (std::uint32_t i = 0; i < service->plan.views.size(); ++i) {
      service->view_ids.push_back(add(Kind::view, service->number, i, service->plan.views[i].interval));
      service->view_status.emplace_back().probe = service->plan.views[i].view->name();
    }
    const auto& counted = service->plan.traffic;
    const auto& source = service->plan.policy.traffic;
    if (counted && source) {
      service->traffic_id = add(Kind::traffic, service->number, 0, counted->interval);
      service->traffic = std::make_unique<CountedTraffic>();
      service->traffic->status.probe = source->name;
    }
    service->wake_id = add(Kind::wake, service->number, 0, model::Millis{0});
    services_.push_back(std::move(service));
  }
  anchors_id_ =
      add(Kind::anchors, 0, 0, plan_.anchors->configured() ? plan_.anchor_interval : model::Millis{0});
  site_wake_id_ = add(Kind::site_wake, 0, 0, model::Millis{0});
  commands_id_ = add(Kind::commands, 0, 0, kCommandPoll);
  prune_id_ = add(Kind::prune, 0, 0, kPruneEvery);
  agenda_ = std::make_unique<Agenda>(things_.size());
  proved_anchors_ = plan_.anchors->proved();
}

Monitor::~Monitor() = default;

net::awaitable<model::Result<void>> Monitor::restore() {
  auto read_states = [](store::Store& s) { return s.documents("evaluator"); };
  const auto states = co_await deps_.store.read(read_states);
  if (!states) co_return std::unexpected(states.error());
  auto read_paused = [](store::Store& s) { return s.documents("paused"); };
  const auto paused = co_await deps_.store.read(read_paused);
  if (!paused) co_return std::unexpected(paused.error());
  auto read_histories = [](store::Store& s) { return s.documents(kTrafficHistory); };
  const auto histories = co_await deps_.store.read(read_histories);
  if (!histories) co_return std::unexpected(histories.error());
  auto read_counts = [](store::Store& s) { return s.documents(kLookCounts); };
  const auto counts = co_await deps_.store.read(read_counts);
  if (!counts) co_return std::unexpected(counts.error());
  auto read_cursor = [](store::Store& s) { return s.cursor("monitor"); };
  const auto cursor = co_await deps_.store.read(read_cursor);
  if (!cursor) co_return std::unexpected(cursor.error());
  command_cursor_ = command_cursor_kept_ = *cursor;
  const model::Instant now = deps_.clock.now();
  const auto site = std::ranges::find(*states, kSiteDocument, &store::Document::key);
  if (site != states->end()) site_ = site_from_json(site->text, now).value_or(evaluator::SiteState{});
  for (const auto& service : services_) {
    const auto state = std::ranges::find(*states, service->plan.name, &store::Document::key);
    if (state != states->end()) {
      auto restored = state_from_json(state->text, now);
      if (restored) {
        service->state = *std::move(restored);
      } else {
        spdlog::warn("{}: what was known before the restart cannot be read ({}); starting afresh",
                     service->plan.name, restored.error().message);
      }
    }
    service->paused = std::ranges::find(*paused, service->plan.name, &store::Document::key) != paused->end();
    restore_traffic(*service, *histories);
    restore_counts(*service, *counts);
    service->saved = service->tallied = now.steady;
  }
  if (plan_.heartbeats) co_return co_await restore_heartbeats();
  co_return model::Result<void>{};
}

void Monitor::start() {
  started_ = deps_.clock.now();
  for (Agenda::Id id = 0; id < things_.size(); ++id) {
    Thing& thing = things_[id];
    if (thing.interval == model::Millis{0}) continue;
    std::string name = "site";
    if (thing.kind == Kind::write || thing.kind == Kind::view || thing.kind == Kind::traffic) {
      const char* place = thing.kind == Kind::write  ? "/write/"
                          : thing.kind == Kind::view ? "/view/"
                                                     : "/traffic/";
      name = services_[thing.service]->plan.name + place + std::to_string(thing.index);
    }
    thing.regular = first_start(name, thing.interval, started_.steady);
    agenda_->set(id, thing.regular);
  }
  // The anchors first: no failure counts before our own network has proved itself.
  if (plan_.anchors->configured()) request_now(anchors_id_);
  for (const auto& service : services_) judge(*service, evaluator::Wake{false});
  for (const auto& service : services_) {
    for (std::size_t i = 0; i < service->write_ids.size(); ++i) {
      probes::WriteProbe& probe = *service->plan.writes[i].probe;
      if (probe.records().size() <= 1) continue;
      auto clean_up = [&probe]() -> net::awaitable<void> { co_await probe.clean_up(); };
      with_probe(service->write_ids[i], clean_up);
    }
  }
  tasks_.spawn("scheduler", scheduler());
}

net::awaitable<void> Monitor::scheduler() {
  while (!stopping_) {
    const SteadyTime now = deps_.clock.now().steady;
    loop_last_run_ = deps_.clock.now().wall;
    Agenda::Id id = 0;
    SteadyTime due{};
    while (!stopping_ && agenda_->take(now, id, due)) {
      Thing& thing = things_[id];
      if (thing.interval > model::Millis{0}) {
        note_lateness(now - due, thing.interval);
        if (is_look(thing.kind) && !thing.running && deps_.on_start) deps_.on_start(now - due);
        if (now >= thing.regular) thing.regular = next_start(thing.regular, thing.interval, now);
        agenda_->set(id, thing.regular);
      }
      start_thing(id, std::exchange(thing.rechecking, false));
    }
    rescheduled_.reset();
    const SteadyTime next = agenda_->earliest();
    if (next == Agenda::kNever) {
      co_await rescheduled_.wait();
    } else {
      co_await deps_.clock.wait(rescheduled_, next);
    }
  }
}

bool Monitor::is_look(Kind kind) {
  return kind == Kind::write || kind == Kind::view || kind == Kind::traffic || kind == Kind::anchors;
}

bool Monitor::is_of_service(Kind kind) {
  return is_look(kind) && kind != Kind::anchors;
}

void Monitor::note_lateness(model::Millis late, model::Millis interval) {
  lateness_ = late;
  const bool too_late = late > interval * kLateIntervals && late > model::Millis{1000};
  if (too_late == loop_late_) return;
  loop_late_ = too_late;
  if (too_late) spdlog::warn("the loop is late by {} ms: looks of this time say nothing", late.count());
  judge_site(evaluator::Wake{too_late});
  for (const auto& service : services_) judge(*service, evaluator::Wake{too_late});
}

void Monitor::set_due(Agenda::Id id, SteadyTime due) {
  if (agenda_->due(id) == due) return;
  const SteadyTime before = agenda_->earliest();
  agenda_->set(id, due);
  if (due < before) rescheduled_.set();
}

void Monitor::request_now(Agenda::Id id) {
  if (things_[id].running) {
    things_[id].again = true;
  } else {
    start_thing(id, false);
  }
}

void Monitor::start_thing(Agenda::Id id, bool rechecking) {
  Thing& thing = things_[id];
  if (stopping_) return;
  if (thing.kind == Kind::wake) return judge(*services_[thing.service], evaluator::Wake{loop_late_});
  if (thing.kind == Kind::site_wake) return judge_site(evaluator::Wake{loop_late_});
  if (rechecking && plan_.anchors->configured()) request_now(anchors_id_);
  if (thing.running) {
    thing.again = thing.again || rechecking;  // a regular look that is still under way is not repeated
    return;
  }
  thing.running = true;
  if (is_of_service(thing.kind) && in_flight_ >= plan_.max_in_flight) {
    waiting_.push_back(id);
    return;
  }
  launch(id);
}

void Monitor::launch(Agenda::Id id) {
  ++running_;
  if (is_of_service(things_[id].kind)) ++in_flight_;
  tasks_.spawn("look", run_thing(id));
}

// Whatever ends a look, a bug included, its probe is looked at again: a probe that silently stopped would
// be an outage of our own. The task group reports what was thrown.
class Monitor::Finish {
 public:
  Finish(Monitor& monitor, Agenda::Id id, bool look) : monitor_(monitor), id_(id), look_(look) {}
  ~Finish() {
    if (look_) --monitor_.in_flight_;
    monitor_.finished(id_);
  }
  Finish(const Finish&) = delete;
  Finish& operator=(const Finish&) = delete;

 private:
  Monitor& monitor_;
  Agenda::Id id_;
  bool look_;  // it counts as one in flight
};

net::awaitable<void> Monitor::run_thing(Agenda::Id id) {
  const Thing& thing = things_[id];
  const Finish finish(*this, id, is_of_service(thing.kind));
  switch (thing.kind) {
    case Kind::write: co_await look_write(*services_[thing.service], thing.index); break;
    case Kind::view: co_await look_view(*services_[thing.service], thing.index); break;
    case Kind::traffic: co_await look_traffic(*services_[thing.service]); break;
    case Kind::anchors: co_await look_anchors(); break;
    case Kind::commands: co_await read_commands(); break;
    case Kind::prune: co_await prune(); break;
    default: break;
  }
}

void Monitor::with_probe(Agenda::Id id, Operation operation) {
  Thing& thing = things_[id];
  if (thing.running) {
    thing.operations.push_back(std::move(operation));
    return;
  }
  thing.running = true;
  ++running_;
  tasks_.spawn("operation", run_operation(id, std::move(operation)));
}

net::awaitable<void> Monitor::run_operation(Agenda::Id id, Operation operation) {
  const Finish finish(*this, id, false);
  co_await operation();
}

void Monitor::finished(Agenda::Id id) {
  Thing& thing = things_[id];
  thing.running = false;
  --running_;
  if (stopping_) {
    if (running_ == 0) idle_.set();
    return;
  }
  if (!thing.operations.empty()) {
    Operation next = std::move(thing.operations.front());
    thing.operations.erase(thing.operations.begin());
    with_probe(id, std::move(next));
  } else if (std::exchange(thing.again, false)) {
    start_thing(id, false);
  }
  while (!waiting_.empty() && in_flight_ < plan_.max_in_flight) {
    const Agenda::Id next = waiting_.front();
    waiting_.pop_front();
    launch(next);
  }
}

net::awaitable<void> Monitor::stop(model::Millis patience) {
  stopping_ = true;
  rescheduled_.set();
  const SteadyTime deadline = deps_.clock.now().steady + patience;
  while (running_ > 0 && deps_.clock.now().steady < deadline) {
    idle_.reset();
    co_await deps_.clock.wait(idle_, deadline);
  }
  for (const auto& service : services_) save(*service, {}, true);
  // The saves are in the store's queue before anything is cancelled.
  while (deps_.store.pending() > 0 && deps_.clock.now().steady < deadline) {
    co_await deps_.clock.sleep_for(model::Millis{5});
  }
  tasks_.stop();
  co_await tasks_.join();
  for (const auto& service : services_) {
    for (const ViewPlan& view : service->plan.views) co_await view.view->close();
  }
}

void Monitor::poke() {
  if (!stopping_) request_now(commands_id_);
}

}  // namespace deadcalm::monitor
