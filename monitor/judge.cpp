// From an observation to the store: the evaluator's step, its wishes, and one commit with the state and
// the transitions together.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "monitor/monitor.h"
#include "monitor/parts.h"
#include "monitor/state_json.h"

namespace deadcalm::monitor {
namespace {

// A quiet service's state is saved this often: a crash then costs no more than looks that were good.
constexpr model::Millis kSaveQuietEvery{60'000};
constexpr std::size_t kServicesPerTurn = 200;

double seconds(model::Millis d) {
  return static_cast<double>(d.count()) / 1000.0;
}

// Records that should not be there. Of the retired ones the last is removed right after this look.
int leftovers(const std::vector<model::Record>& records) {
  const auto in = [&](model::RecordState state) {
    return std::ranges::count(records, state, &model::Record::state);
  };
  using State = model::RecordState;
  return static_cast<int>(in(State::unresolved) + in(State::missing) +
                          std::max<std::ptrdiff_t>(0, in(State::retired)-1));
}

void remember(model::WriteStatus& status, const model::Observation& observation, const model::WriteLook& look,
              int leftovers) {
  ++status.looks;
  status.failed += look.write != model::Write::ok && look.write != model::Write::unknown ? 1 : 0;
  status.unknown += look.write == model::Write::unknown ? 1 : 0;
  status.armed = look.armed;
  status.last_seq = std::max(status.last_seq, look.seq);
  status.plant_time = look.plant_time;
  status.read_time = look.read_time;
  status.cycle_time = observation.ended.steady - observation.started.steady;
  status.step = observation.step;
  status.detail = observation.detail;
  status.write = look.write;
  status.read_back = look.read_back;
  status.sentinel = look.sentinel;
  status.leftovers = leftovers;
  if (look.write == model::Write::ok && look.read_back == model::ReadBack::ok) {
    status.verified_at = observation.ended.wall;
  }
}

void remember(model::ViewStatus& status, const model::Observation& observation, const model::ViewLook& look) {
  ++status.looks;
  status.failed += look.client == model::Client::fail ? 1 : 0;
  status.unknown += look.client == model::Client::unknown ? 1 : 0;
  if (look.newest && (!status.canary_seen_at || *status.canary_seen_at < look.newest->written)) {
    status.canary_seen_at = look.newest->written;
  }
  status.http_status = look.http_status;
  if (look.certificate_ends) status.certificate_ends = look.certificate_ends;
  status.took = observation.ended.steady - observation.started.steady;
  status.client = look.client;
  status.cache = std::string(model::name(look.cache));
  status.detail = observation.detail.empty() ? look.cache_evidence : observation.detail;
}

void remember(model::TrafficStatus& status, const model::Observation& observation,
              const model::TrafficLook& look) {
  ++status.looks;
  const bool counted = observation.step.empty();
  status.unknown += counted ? 0 : 1;
  status.traffic = look.traffic;
  status.observed = counted ? std::optional(look.observed) : std::nullopt;
  status.surprise = look.surprise;
  status.took = observation.ended.steady - observation.started.steady;
  if (observation.step == "wait") return;
  // Told when it changes: a source that cannot be asked looks like one that says nothing.
  if (status.detail != observation.detail) {
    if (counted) spdlog::info("{}/{}: counts again", observation.service, observation.probe);
    if (!counted) spdlog::warn("{}/{}: {}", observation.service, observation.probe, observation.detail);
  }
  status.detail = observation.detail;
}

void log_transition(const model::Transition& t) {
  const auto level = t.alarm == model::Alarm::none ? spdlog::level::info : spdlog::level::warn;
  spdlog::log(level, "{}: {} -> {} ({}), masked {}, {} {}{}{}",
              t.subject.own ? "deadcalm/" + t.subject.name : t.subject.name, model::name(t.from),
              model::name(t.to), model::name(t.reason), model::name(t.masked), model::name(t.alarm),
              model::name(t.severity), t.evidence.detail.empty() ? "" : ": ", t.evidence.detail);
}

}  // namespace

net::awaitable<void> Monitor::look_write(Service& service, std::size_t index) {
  probes::WriteProbe& probe = *service.plan.writes[index].probe;
  if (service.paused) {
    model::Observation observation;
    observation.service = service.plan.name;
    observation.probe = probe.options().probe;
    observation.started = deps_.clock.now();
    co_await probe.clean_up();
    observation.ended = deps_.clock.now();
    observation.step = "paused";
    observation.detail = "writes are paused";
    model::WriteLook look;
    look.armed = probe.stream().armed;
    observation.look = look;
    take(service, std::move(observation));
    co_return;
  }
  auto publish = [this, &service](model::Observation observation) { take(service, std::move(observation)); };
  co_await probe.run(publish);
}

net::awaitable<void> Monitor::look_view(Service& service, std::size_t index) {
  model::Observation observation = co_await service.plan.views[index].view->look();
  // A number of our own that we never gave out: this store is a clone or was restored.
  const auto& look = std::get<model::ViewLook>(observation.look);
  if (look.newest) {
    for (const WritePlan& write : service.plan.writes) {
      if (write.probe->stream().name == look.newest->stream) write.probe->note_seen(look.newest->seq);
    }
  }
  take(service, std::move(observation));
}

net::awaitable<void> Monitor::look_anchors() {
  const model::Observation observation = co_await plan_.anchors->look();
  if (deps_.on_observation) deps_.on_observation(observation);
  judge_site(observation);
  if (plan_.anchors->proved() != proved_anchors_) {
    store::Batch batch;
    for (const std::string& target : plan_.anchors->proved())
      batch.documents.push_back({"anchor", target, "proved"});
    proved_anchors_ = plan_.anchors->proved();
    tasks_.spawn("commit", commit(std::move(batch)));
  }
  // Every service hears of it, in portions, so that ten thousand of them do not hold up the loop.
  for (std::size_t i = 0; i < services_.size(); ++i) {
    judge(*services_[i], observation);
    if ((i + 1) % kServicesPerTurn == 0) co_await net::post(deps_.executor, net::use_awaitable);
  }
}

void Monitor::take(Service& service, model::Observation observation) {
  if (const auto* write = std::get_if<model::WriteLook>(&observation.look)) {
    for (std::size_t i = 0; i < service.write_status.size(); ++i) {
      if (service.write_status[i].probe != observation.probe) continue;
      remember(service.write_status[i], observation, *write,
               leftovers(service.plan.writes[i].probe->records()));
      count_look(service, i, observation);
      service.write_status[i].credential = service.plan.writes[i].probe->backend().credential_expiry();
    }
  } else if (const auto* view = std::get_if<model::ViewLook>(&observation.look)) {
    for (model::ViewStatus& status : service.view_status) {
      if (status.probe == observation.probe) remember(status, observation, *view);
    }
  } else if (const auto* traffic = std::get_if<model::TrafficLook>(&observation.look)) {
    if (service.traffic) remember(service.traffic->status, observation, *traffic);
  }
  if (deps_.on_observation) deps_.on_observation(observation);
  judge(service, observation);
}

void Monitor::judge(Service& service, const evaluator::Event& event) {
  tally(service);
  const model::Instant now = deps_.clock.now();
  evaluator::Step step = evaluator::evaluate(service.plan.policy, service.state, event, now);
  apply(service, step.wishes);
  const evaluator::Situation situation = evaluator::situation(service.plan.policy, service.state, now);
  const bool quiet = situation.phase == evaluator::Phase::ok && !situation.blind;
  const bool must = !step.transitions.empty() || !quiet || !service.was_quiet;
  service.was_quiet = quiet;
  save(service, std::move(step.transitions), must);
}

void Monitor::judge_site(const evaluator::Event& event) {
  evaluator::Step step = evaluator::evaluate_site(plan_.site_policy, site_, event, deps_.clock.now());
  set_due(site_wake_id_, step.wishes.wake_at.value_or(Agenda::kNever));
  if (step.transitions.empty()) return;
  store::Batch batch;
  batch.documents = {{"evaluator", kSiteDocument, to_json(site_, deps_.clock.now())}};
  batch.transitions = std::move(step.transitions);
  tasks_.spawn("commit", commit(std::move(batch)));
}

void Monitor::apply(Service& service, const evaluator::Wishes& wishes) {
  const SteadyTime now = deps_.clock.now().steady;
  const auto reschedule = [&](Agenda::Id id, const std::string& probe) {
    Thing& thing = things_[id];
    const bool wanted = wishes.recheck_at && std::ranges::find(wishes.recheck, probe) != wishes.recheck.end();
    // Instead of the regular look, not beside it: one in between would move the confirmation past the
    // promise. A regular look whose time came meanwhile was not late: it is over.
    const bool was_in_place = std::exchange(thing.rechecking, wanted);
    if (was_in_place && !wanted && thing.regular < now)
      thing.regular = next_start(thing.regular, thing.interval, now);
    set_due(id, wanted ? *wishes.recheck_at : thing.regular);
  };
  for (std::size_t i = 0; i < service.write_ids.size(); ++i) {
    reschedule(service.write_ids[i], service.write_status[i].probe);
  }
  for (std::size_t i = 0; i < service.view_ids.size(); ++i)
    reschedule(service.view_ids[i], service.view_status[i].probe);
  if (service.traffic_id) reschedule(*service.traffic_id, service.traffic->status.probe);
  set_due(service.wake_id, wishes.wake_at.value_or(Agenda::kNever));
  if (wishes.anchor_look && plan_.anchors->configured()) request_now(anchors_id_);
  if (wishes.view_looks) {
    for (const Agenda::Id id : service.view_ids) request_now(id);
  }
}

void Monitor::save(Service& service, std::vector<model::Transition> transitions, bool must) {
  const model::Instant now = deps_.clock.now();
  if (!must && now.steady - service.saved < kSaveQuietEvery) return;
  service.saved = now.steady;
  store::Batch batch;
  batch.documents = {{"evaluator", service.plan.name, to_json(service.state, now)}};
  batch.transitions = std::move(transitions);
  tasks_.spawn("commit", commit(std::move(batch)));
}

// A transition that the store refuses is kept and tried again before anything newer: nothing is lost
// while the disk is full, and the dead-man ping stops meanwhile (app looks at status().store_ok).
net::awaitable<void> Monitor::commit(store::Batch batch) {
  const bool first = not_durable_.empty();
  const std::vector<model::Transition> transitions = batch.transitions;
  if (first) {
    const auto committed = co_await deps_.store.commit(batch);
    if (committed) {
      for (const model::Transition& t : transitions) {
        log_transition(t);
        if (deps_.on_transition) deps_.on_transition(t);
      }
      if (!transitions.empty() && deps_.on_inbox) deps_.on_inbox();
      co_return;
    }
    store_error_ = committed.error().message;
    spdlog::error("cannot write the store: {}", store_error_);
  }
  if (deps_.on_refused) std::ranges::for_each(transitions, deps_.on_refused);
  if (!transitions.empty() || not_durable_.empty()) not_durable_.push_back(std::move(batch));
  if (!first) co_return;
  while (!not_durable_.empty()) {
    co_await deps_.clock.sleep_for(model::Millis{1'000});
    const auto committed = co_await deps_.store.commit(not_durable_.front());
    if (!committed) continue;
    for (const model::Transition& t : not_durable_.front().transitions) {
      log_transition(t);
      if (deps_.on_transition) deps_.on_transition(t);
    }
    not_durable_.pop_front();
    if (deps_.on_inbox) deps_.on_inbox();
  }
  spdlog::info("the store can be written again");
  store_error_.clear();
}

void Monitor::tally(Service& service) {
  const model::SteadyTime now = deps_.clock.now().steady;
  const double passed = seconds(now - service.tallied);
  service.tallied = now;
  if (passed <= 0) return;
  const evaluator::Situation before =
      evaluator::situation(service.plan.policy, service.state, deps_.clock.now());
  const bool bad = before.verdict != model::Verdict::healthy && before.verdict != model::Verdict::unknown &&
                   before.verdict != model::Verdict::monitor_blind;
  if (bad && before.masked == model::Masked::yes) service.masked_seconds += passed;
  if (before.verdict == model::Verdict::unknown || before.blind) service.unknown_seconds += passed;
}

model::SiteStatus Monitor::status() const {
  model::SiteStatus site;
  const model::Instant now = deps_.clock.now();
  site.site = plan_.site;
  site.instance = plan_.instance;
  site.version = DEADCALM_VERSION;
  site.at = now.wall;
  site.started = started_.wall;
  site.loop_last_run = loop_last_run_;
  site.loop_lateness = lateness_;
  site.looks_in_flight = in_flight_;
  site.looks_waiting = waiting_.size();
  site.anchors_answered = site_.answered;
  site.anchors_voting = site_.voting;
  site.store_ok = store_error_.empty();
  site.store_error = store_error_;
  site.store_pending = deps_.store.pending();
  site.services.reserve(services_.size());
  for (const auto& service : services_) {
    const evaluator::Situation s = evaluator::situation(service->plan.policy, service->state, now);
    model::ServiceStatus& out = site.services.emplace_back();
    out.name = service->plan.name;
    out.verdict = s.verdict;
    out.masked = s.masked;
    out.alarm = s.alarm;
    out.severity = s.severity;
    out.phase = std::string(model::name(s.phase));
    out.blind = s.blind;
    out.armed = s.armed;
    out.flapping = s.flapping;
    out.truth_measured = s.truth_measured;
    out.view_measured = s.view_measured;
    out.signals = s.signals;
    out.row = s.ruling.row;
    out.failed_looks = s.failed_looks;
    out.failed_looks_needed = s.failed_looks_needed;
    out.good_looks = s.good_looks;
    out.good_looks_needed = s.good_looks_needed;
    out.since = s.since;
    out.last_good = s.last_good;
    out.stale_limit = s.stale_limit;
    out.client_data_age = s.client_data_age;
    out.masked_seconds = service->masked_seconds;
    out.unknown_seconds = service->unknown_seconds;
    out.writes = service->write_status;
    for (model::WriteStatus& write : out.writes) write.paused = service->paused;
    out.views = service->view_status;
    if (service->traffic) out.traffic = service->traffic->status;
  }
  return site;
}

}  // namespace deadcalm::monitor
