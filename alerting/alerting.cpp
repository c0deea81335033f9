#include "alerting/alerting.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "alerting/engine.h"

namespace deadcalm::alerting {
namespace {

constexpr model::Millis kLongestRetry = std::chrono::minutes{30};

runtime::TaskGroup::OnFailure tell_failure(std::function<void(const std::string&)> on_failure) {
  return [on_failure = std::move(on_failure)](const std::string& task, const std::string& what) {
    spdlog::critical("alerting: task failed: task={} what={}", task, what);
    if (on_failure) on_failure(task + ": " + what);
  };
}

}  // namespace

Alerting::Engine::Engine(AlertingDeps deps)
    : deps_(std::move(deps)),
      deliveries_(deps_.executor, tell_failure(deps_.on_failure)),
      loops_(deps_.executor, tell_failure(deps_.on_failure)) {
  for (const Channel& c : deps_.channels) {
    channels_[c.name].name = c.name;
    channels_[c.name].type = c.type;
  }
  const model::Instant now = deps_.clock.now();
  wall_offset_ = now.wall.time_since_epoch() - now.steady.time_since_epoch();
}

net::awaitable<model::Result<void>> Alerting::Engine::restore() {
  struct Found {
    model::Result<std::vector<store::IncidentRow>> incidents;
    model::Result<std::vector<store::Document>> silences;
    model::Result<std::vector<store::PageRow>> pages;
    model::Result<std::int64_t> cursor;
  };
  const auto job = [](store::Store& store) {
    return Found{store.incidents(false), store.documents("alerting_silence"), store.unsent_pages(),
                 store.cursor("alerting")};
  };
  Found found = co_await deps_.store.read(job);
  if (!found.incidents) co_return std::unexpected(found.incidents.error());
  if (!found.silences) co_return std::unexpected(found.silences.error());
  if (!found.pages) co_return std::unexpected(found.pages.error());
  if (!found.cursor) co_return std::unexpected(found.cursor.error());

  for (const store::IncidentRow& row : *found.incidents) {  // by generation: the newest stays
    auto incident = incident_from_json(row.payload);
    if (!incident) co_return std::unexpected(incident.error());
    incidents_[row.subject] = *std::move(incident);
  }
  for (const store::Document& document : *found.silences) {
    auto silence = silence_from_json(document.text);
    if (!silence) co_return std::unexpected(silence.error());
    silences_[document.key] = *std::move(silence);
  }
  const model::Instant now = deps_.clock.now();
  for (store::PageRow& row : *found.pages) {
    auto page = page_from_json(row.payload);
    if (!page) co_return std::unexpected(page.error());
    model::SteadyTime due = now.steady + std::clamp(row.next_at - now.wall, model::Millis{0}, kLongestRetry);
    if (row.state == store::PageState::sending) {
      row.state = store::PageState::queued;
      row.ambiguous = true;  // we died between the mark and the record
      due = now.steady;
    }
    outbox_.add(std::move(row), *std::move(page), due);
  }
  cursor_ = *found.cursor;
  co_return model::Result<void>{};
}

void Alerting::Engine::start() {
  if (std::exchange(running_, true)) return;
  loops_.spawn("alerting desk", desk());
  loops_.spawn("alerting dispatcher", dispatcher());
}

net::awaitable<void> Alerting::Engine::stop(model::Millis patience) {
  using namespace net::experimental::awaitable_operators;
  stopping_ = true;
  loops_.stop();
  co_await loops_.join();
  if (in_flight_ > 0 && patience > model::Millis{0}) {
    const model::SteadyTime until = deps_.clock.now().steady + patience;
    co_await (drained_.wait() || deps_.clock.sleep_until(until));
  }
  deliveries_.stop();
  co_await deliveries_.join();
}

Status Alerting::Engine::status() const {
  Status s;
  const model::Instant now = deps_.clock.now();
  for (const OutboxItem& item : outbox_.items()) {
    ++(item.in_flight ? s.sending : s.queued);
    // From the day it was written, not from its next try: a channel that is down makes pages old.
    const std::chrono::duration<double> age = now.wall - item.row.created;
    s.oldest_due_seconds = std::max(s.oldest_due_seconds, age.count());
  }
  s.accepted = accepted_;
  s.dead = dead_;
  s.superseded = superseded_;
  s.store_ok = store_ok_;
  s.store_error = store_error_;
  for (const auto& [name, status] : channels_) {
    s.channels.push_back(status);
    if (const auto until = outbox_.held_until(name); until && *until > now.steady) {
      s.channels.back().held_until = now.wall + (*until - now.steady);
    }
  }
  for (const auto& [service, silence] : silences_) {
    if (is_active(silence, now.wall)) s.silences.push_back(silence);
  }
  for (const auto& [key, i] : incidents_) {
    if (!i.open) continue;
    const auto silence = silences_.find(i.subject.name);
    s.incidents.push_back({.subject = i.subject,
                           .generation = i.generation,
                           .headline = headline(i, deps_.routes.site),
                           .verdict = i.verdict,
                           .masked = i.masked,
                           .alarm = i.alarm,
                           .severity = i.severity,
                           .opened_at = i.opened_at,
                           .acked_by = i.acked_by,
                           .ack_until = i.ack_until,
                           .next_step_at = i.next_step_at,
                           .silenced = silence != silences_.end() && is_active(silence->second, now.wall),
                           .exhausted = std::ssize(i.plan.steps) < i.next_step,
                           .told = i.told});
  }
  return s;
}

Alerting::Alerting(AlertingDeps deps) : engine_(std::make_unique<Engine>(std::move(deps))) {}
Alerting::~Alerting() = default;

net::awaitable<model::Result<void>> Alerting::restore() {
  return engine_->restore();
}
void Alerting::start() {
  engine_->start();
}
void Alerting::poke() {
  engine_->poke();
}
net::awaitable<void> Alerting::stop(model::Millis patience) {
  return engine_->stop(patience);
}
void Alerting::emergency(const std::string& text) {
  engine_->emergency(text);
}
Status Alerting::status() const {
  return engine_->status();
}

}  // namespace deadcalm::alerting
