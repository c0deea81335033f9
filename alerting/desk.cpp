// The desk: one thing at a time is decided, committed, and only then true. It never gives up on a
// commit: what it read is not skipped, so nothing is lost while the disk is full.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "alerting/engine.h"
#include "model/duration.h"

namespace deadcalm::alerting {
namespace {

using model::Alarm;
using model::Command;
using model::CommandKind;
using model::Transition;

constexpr int kItemsPerRead = 100;
constexpr model::Millis kLongestSleep = std::chrono::seconds{30};  // lost pokes and clock jumps cost no more
constexpr model::Millis kClockJump = std::chrono::seconds{60};
constexpr model::Millis kUntakeable = std::chrono::minutes{5};  // refused, and nobody else is left

Transition about_channel(const std::string& channel, const std::string& reason, model::Instant now,
                         bool bad) {
  Transition t;
  t.subject = {true, "channel/" + channel};
  t.at = now;
  t.from = bad ? model::Verdict::healthy : model::Verdict::unknown;
  t.to = bad ? model::Verdict::unknown : model::Verdict::healthy;
  t.alarm_class = model::AlarmClass::unknown;
  t.alarm = bad ? Alarm::page : Alarm::none;
  t.severity = bad ? model::Severity::error : model::Severity::info;
  t.reason = bad ? model::Reason::confirmed : model::Reason::recovered;
  t.evidence.detail = reason;
  t.evidence.since = now.wall;
  return t;
}

bool has_trigger(const std::vector<std::pair<store::PageRow, Page>>& pages) {
  return std::ranges::any_of(pages, [](const auto& p) { return p.second.kind == PageKind::trigger; });
}

void shift(std::optional<model::WallTime>& time, model::Millis by) {
  if (time) *time += by;
}

}  // namespace

net::awaitable<void> Alerting::Engine::desk() {
  for (;;) {
    co_await follow_clock();
    while (!news_.empty()) {
      News news = std::move(news_.front());
      news_.pop_front();
      co_await hear_news(std::move(news));
    }
    const bool more = co_await read_inbox();
    co_await fire_timers();
    if (more || !news_.empty()) continue;
    const model::SteadyTime at = next_timer();
    co_await desk_bell_.wait_until(deps_.clock, at);
  }
}

// True: there may be more.
net::awaitable<bool> Alerting::Engine::read_inbox() {
  const auto job = [after = cursor_](store::Store& store) { return store.inbox_after(after, kItemsPerRead); };
  const auto items = co_await deps_.store.read(job);
  if (!items) {
    note_store(std::unexpected(items.error()));
    co_return false;
  }
  for (const store::InboxItem& item : *items) {
    Staged staged;
    staged.cursor = item.id;
    staged.batch.cursors.push_back({"alerting", item.id});
    if (const auto* transition = std::get_if<Transition>(&item.item)) {
      take(*transition, staged);
    } else {
      take(std::get<Command>(item.item), item.id, staged);
    }
    co_await commit_surely(std::move(staged));
  }
  co_return std::ssize(*items) == kItemsPerRead;
}

std::optional<Incident> Alerting::Engine::latest(const std::string& key, const Staged& staged) const {
  for (auto it = staged.incidents.rbegin(); it != staged.incidents.rend(); ++it) {
    if (key_of(it->subject) == key) return *it;
  }
  const auto it = incidents_.find(key);
  if (it == incidents_.end()) return std::nullopt;
  return it->second;
}

std::optional<Silence> Alerting::Engine::silence_for(const std::string& service, const Staged& staged) const {
  if (const auto it = staged.silences.find(service); it != staged.silences.end()) return it->second;
  const auto it = silences_.find(service);
  if (it == silences_.end()) return std::nullopt;
  return it->second;
}

void Alerting::Engine::take(const Transition& transition, Staged& staged) {
  const model::Subject subject = subject_for(transition);
  stage(decide(deps_.routes, latest(key_of(subject), staged), silence_for(subject.name, staged), transition,
               deps_.clock.now().wall),
        staged);
}

void Alerting::Engine::take(const Command& command, std::int64_t inbox_id, Staged& staged) {
  if (const auto why = refusal(command)) {
    spdlog::warn("command refused: command={} service={} reason={}", model::name(command.kind),
                 command.service, *why);
    return;
  }
  if (command.kind == CommandKind::page_test) return stage_test(command, inbox_id, staged);
  change_silences(command, staged);
  for (const auto& [key, incident] : incidents_) {
    stage(decide(deps_.routes, incident, silence_for(incident.subject.name, staged), command,
                 deps_.clock.now().wall),
          staged);
  }
}

void Alerting::Engine::change_silences(const Command& command, Staged& staged) {
  const bool begins = command.kind == CommandKind::silence || command.kind == CommandKind::maintenance_start;
  const bool ends = command.kind == CommandKind::unsilence || command.kind == CommandKind::maintenance_end;
  if (begins) {
    const Silence silence = silence_of(command);
    staged.silences[command.service] = silence;
    staged.batch.documents.push_back({"alerting_silence", command.service, to_json(silence)});
  }
  if (!ends) return;
  for (const auto& [service, silence] : silences_) {
    if (!command.service.empty() && command.service != service) continue;
    staged.silences[service] = std::nullopt;
    staged.batch.documents.push_back({"alerting_silence", service, ""});
  }
}

net::awaitable<void> Alerting::Engine::fire_timers() {
  const model::WallTime now = deps_.clock.now().wall;
  Staged staged;
  for (const auto& [service, silence] : silences_) {
    if (silence.until > now) continue;
    staged.silences[service] = std::nullopt;
    staged.batch.documents.push_back({"alerting_silence", service, ""});
  }
  for (const auto& [key, incident] : incidents_) {
    stage(decide(deps_.routes, incident, silence_for(incident.subject.name, staged), Wake{}, now), staged);
  }
  if (!staged.batch.empty()) co_await commit_surely(std::move(staged));
}

model::SteadyTime Alerting::Engine::next_timer() const {
  const model::Instant now = deps_.clock.now();
  model::Millis wait = kLongestSleep;
  const auto within = [&](model::WallTime at) { wait = std::clamp(at - now.wall, model::Millis{0}, wait); };
  for (const auto& [key, incident] : incidents_) {
    const auto silence = silences_.find(incident.subject.name);
    const auto at =
        next_wake(incident, silence == silences_.end() ? std::nullopt : std::optional(silence->second));
    if (at) within(*at);
  }
  for (const auto& [service, silence] : silences_) within(silence.until);
  return now.steady + wait;
}

// Somebody set the clock. Deadlines were meant as durations, so they move along: a step forward must not
// run through an escalation, a step back must not stop it. Ends of silences were named by people and stay.
net::awaitable<void> Alerting::Engine::follow_clock() {
  const model::Instant now = deps_.clock.now();
  const model::Millis offset = now.wall.time_since_epoch() - now.steady.time_since_epoch();
  const model::Millis jump = offset - std::exchange(wall_offset_, offset);
  if (jump > -kClockJump && jump < kClockJump) co_return;
  spdlog::warn("clock: the wall clock was set, by={}s", jump.count() / 1000);
  Staged staged;
  for (const auto& [key, incident] : incidents_) {
    if (!incident.open && !incident.reopen_at) continue;
    Incident moved = incident;
    shift(moved.next_step_at, jump);
    shift(moved.ack_until, jump);
    shift(moved.reopen_at, jump);
    stage({std::move(moved), {}}, staged);
  }
  if (!staged.batch.empty()) co_await commit_surely(std::move(staged));
}

net::awaitable<void> Alerting::Engine::hear_news(News news) {
  Staged staged;
  const model::Instant now = deps_.clock.now();
  if (news.kind == News::Kind::accepted) {
    const auto open = latest("own:channel/" + news.channel, staged);
    if (!open || !open->open) co_return;
    take(about_channel(news.channel, {}, now, false), staged);
  } else {
    OutboxItem* item = outbox_.find(news.page_id);
    if (item == nullptr) co_return;
    if (news.kind == News::Kind::refused) {
      refused(*item, news.reason, staged);
    } else if (!item->fell_back) {
      item->fell_back = true;
      fall_back_from(*item, false, staged);
    }
  }
  if (!staged.batch.empty()) co_await commit_surely(std::move(staged));
}

// A page nobody else can take is never given up: somebody may mend the channel.
void Alerting::Engine::refused(OutboxItem& item, const std::string& reason, Staged& staged) {
  const bool somebody_hears = fall_back_from(item, true, staged);
  item.row.last_error = reason;
  if (item.page.kind == PageKind::trigger && !somebody_hears) {
    item.row.state = store::PageState::queued;
    item.row.next_at = deps_.clock.now().wall + kUntakeable;
    item.due = deps_.clock.now().steady + kUntakeable;
    item.in_flight = false;
    staged.batch.page_changes.push_back(item.row);
    spdlog::error("page refused and nobody else to tell, kept: channel={} incident={} reason={}",
                  item.row.channel, item.row.incident, reason);
    return;
  }
  item.row.state = store::PageState::dead;
  staged.batch.page_changes.push_back(item.row);
  staged.dead.push_back(item.row.id);
  spdlog::error("page dead: channel={} incident={} reason={}", item.row.channel, item.row.incident, reason);
  if (channel(item.row.channel) != nullptr) {
    take(about_channel(item.row.channel, reason, deps_.clock.now(), true), staged);
  }
}

// Tells the other channels of the route that do not know yet; when all that were told refused, everybody
// who is left. False: there is nobody. Only triggers matter: what follows one is no news to others.
bool Alerting::Engine::fall_back_from(const OutboxItem& item, bool refused, Staged& staged) {
  if (item.page.kind != PageKind::trigger) return true;
  auto incident = latest(key_of(item.page.subject), staged);
  if (!incident || incident->generation != item.page.generation) return true;  // a newer one is told instead
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  if (refused && !has(incident->refused, item.row.channel)) incident->refused.push_back(item.row.channel);
  std::vector<std::string> others;
  for (const std::string& name : item.page.fallback) {
    if (!has(incident->told, name) && channel(name) != nullptr) others.push_back(name);
  }
  const bool somebody_told = std::ranges::any_of(
      incident->told, [&](const std::string& name) { return !has(incident->refused, name); });
  if (others.empty() && !somebody_told) {
    for (const Channel& c : deps_.channels) {
      if (!has(incident->refused, c.name)) others.push_back(c.name);
    }
  }
  const bool somebody = somebody_told || !others.empty();
  if (!refused && others.empty()) return somebody;
  stage(fall_back(*incident, others), staged);
  return somebody;
}

net::awaitable<void> Alerting::Engine::commit_surely(Staged staged) {
  model::Millis pause = std::chrono::seconds{1};
  bool cried = false;
  for (;;) {
    store::Batch batch = staged.batch;
    const auto committed = co_await deps_.store.commit(std::move(batch));
    note_store(committed);
    if (committed) break;
    if (!cried && has_trigger(staged.pages)) {
      cried = true;
      const auto& page = *std::ranges::find_if(
          staged.pages, [](const auto& p) { return p.second.kind == PageKind::trigger; });
      emergency(one_line(page.second.text));
    }
    co_await deps_.clock.sleep_for(pause);
    pause = std::min(pause * 2, model::Millis{std::chrono::seconds{15}});
  }
  apply(std::move(staged));
}

void Alerting::Engine::apply(Staged staged) {
  for (Incident& incident : staged.incidents) {
    spdlog::info("incident: name={} open={} verdict={} severity={} told={}", name_of(incident), incident.open,
                 model::name(incident.verdict), model::name(incident.severity), incident.told.size());
    incidents_[key_of(incident.subject)] = std::move(incident);
  }
  for (auto& [service, silence] : staged.silences) {
    if (silence) {
      silences_[service] = *std::move(silence);
    } else {
      silences_.erase(service);
    }
  }
  for (const std::string& id : staged.replaced) {
    outbox_.remove(id);
    ++superseded_;
  }
  for (const std::string& id : staged.dead) {
    outbox_.remove(id);
    ++dead_;
  }
  const model::SteadyTime now = deps_.clock.now().steady;
  for (auto& [row, page] : staged.pages) {
    for (const std::string& old : outbox_.replaced_by(row.order_key, page.kind)) outbox_.find(old)->due = now;
    outbox_.add(std::move(row), std::move(page), now);
  }
  cursor_ = std::max(cursor_, staged.cursor);
  dispatch_bell_.ring();
}

}  // namespace deadcalm::alerting
