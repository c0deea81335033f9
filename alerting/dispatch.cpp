// The dispatcher: mark as sending (committed), send, record. Between the mark and the record the fate of
// a message is unknown to whoever restarts us, so it is sent again: twice is a nuisance, never is an outage
// that nobody hears of.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "alerting/engine.h"
#include "runtime/log.h"

namespace deadcalm::alerting {
namespace {

constexpr std::size_t kMostInFlight = 32;
constexpr model::Millis kPatientSleep = std::chrono::hours{1};

}  // namespace

net::awaitable<void> Alerting::Engine::dispatcher() {
  for (;;) {
    const model::SteadyTime now = deps_.clock.now().steady;
    while (in_flight_ < kMostInFlight) {
      OutboxItem* item = outbox_.next(now);
      if (item == nullptr) break;
      item->in_flight = true;
      ++in_flight_;
      if (const Channel* c = channel(item->row.channel);
          c != nullptr && c->sender->retries().gap.count() > 0) {
        outbox_.hold(c->name, now + c->sender->retries().gap);
      }
      deliveries_.spawn("page " + item->row.id, deliver(item->row.id));
    }
    // At the bound every end of a delivery rings the bell.
    const auto due = in_flight_ < kMostInFlight ? outbox_.next_due() : std::nullopt;
    const model::SteadyTime at = due.value_or(now + kPatientSleep);
    co_await dispatch_bell_.wait_until(deps_.clock, at);
  }
}

net::awaitable<void> Alerting::Engine::deliver(std::string id) {
  const OutboxItem* item = outbox_.find(id);  // stays while in flight
  if (outbox_.is_replaced(*item)) {
    co_await retire(id);
  } else {
    co_await send(id);
  }
  --in_flight_;
  if (stopping_ && in_flight_ == 0) drained_.set();
  dispatch_bell_.ring();
}

// It was in flight when the message came that makes it needless, so the desk could not take it back.
net::awaitable<void> Alerting::Engine::retire(std::string id) {
  store::PageRow row = outbox_.find(id)->row;
  row.state = store::PageState::superseded;
  co_await record_surely(std::move(row));
  outbox_.remove(id);
  ++superseded_;
}

net::awaitable<void> Alerting::Engine::send(std::string id) {
  OutboxItem* item = outbox_.find(id);
  item->row.state = store::PageState::sending;
  ++item->row.attempts;
  store::Batch mark;
  mark.page_changes.push_back(item->row);
  // A mark that cannot be committed does not stop the page: a full disk must not let people sleep.
  const auto marked = co_await deps_.store.commit(std::move(mark));
  note_store(marked);

  Delivery delivery;
  delivery.page = item->page;
  delivery.id = id;
  delivery.resend = item->row.ambiguous;
  delivery.over_at = item->page.kind == PageKind::trigger ? outbox_.over_at(*item) : std::nullopt;
  if (delivery.over_at) {
    delivery.page.text =
        over_since(std::move(delivery.page.text), item->page.subject.name, *delivery.over_at);
  }
  delivery.now = deps_.clock.now().wall;
  SendResult result = co_await attempt(item->row.channel, std::move(delivery));
  co_await record(id, std::move(result));
}

// A sender that throws is our bug, and no reason to lose the page.
net::awaitable<SendResult> Alerting::Engine::attempt(std::string name, Delivery delivery) {
  const Channel* to = channel(name);
  if (to == nullptr) co_return Rejected{"channel " + name + " is not configured any more"};
  SendResult result;
  try {
    result = co_await to->sender->send(std::move(delivery));
  } catch (const boost::system::system_error& e) {
    if (e.code() == net::error::operation_aborted) throw;
    result = Retry{e.what(), true, {}, false};
  } catch (const std::exception& e) {
    result = Retry{e.what(), true, {}, false};
  }
  co_return result;
}

net::awaitable<void> Alerting::Engine::record(std::string id, SendResult result) {
  OutboxItem* item = outbox_.find(id);
  const model::Instant now = deps_.clock.now();
  ChannelStatus& status = channels_[item->row.channel];
  if (const auto* accepted = std::get_if<Accepted>(&result)) {
    item->row.state = store::PageState::accepted;
    item->row.provider_ref = accepted->provider_ref;
    item->row.last_error.clear();
    store::PageRow row = item->row;
    co_await record_surely(std::move(row));
    // Counted once it is recorded: what is sent again after a crash was not yet accepted here.
    ++status.accepted;
    status.last_accepted = now.wall;
    ++accepted_;
    news_.push_back({News::Kind::accepted, {}, item->row.channel, {}});
    outbox_.remove(id);
    desk_bell_.ring();
    co_return;
  }
  status.last_failed = now.wall;
  if (const auto* rejected = std::get_if<Rejected>(&result)) {
    ++status.rejected;
    status.last_error = runtime::masked(rejected->reason);
    news_.push_back({News::Kind::refused, id, item->row.channel, status.last_error});
    desk_bell_.ring();  // the desk decides with the incident and ends the flight
    co_return;
  }
  const Retry& retry = std::get<Retry>(result);
  ++status.retried;
  status.last_error = runtime::masked(retry.reason);
  const RetryTable& table = channel(item->row.channel)->sender->retries();
  const model::Millis age = now.wall - item->row.created;
  const bool critical = item->page.severity == model::Severity::critical && table.critical_stays;
  item->row.ambiguous = item->row.ambiguous || retry.ambiguous;
  if (table.give_up && age >= *table.give_up && !critical) {
    news_.push_back({News::Kind::refused, id, item->row.channel, "gave up: " + status.last_error});
    desk_bell_.ring();
    co_return;
  }
  const model::Millis floor = std::max(retry.after.value_or(model::Millis{0}),
                                       retry.hold_channel ? table.after_429 : model::Millis{0});
  const model::Millis wait = delay_after(table, item->row.attempts, floor, deps_.random());
  spdlog::warn("page not taken, tried again: channel={} incident={} attempt={} wait_ms={} reason={}",
               item->row.channel, item->row.incident, item->row.attempts, wait.count(), status.last_error);
  if (retry.hold_channel) outbox_.hold(item->row.channel, now.steady + wait);
  if (table.fall_back && age >= *table.fall_back && !item->fell_back &&
      item->page.alarm == model::Alarm::page && item->page.kind == PageKind::trigger) {
    news_.push_back({News::Kind::slow, id, item->row.channel, {}});
    desk_bell_.ring();
  }
  item->row.state = store::PageState::queued;
  item->row.last_error = status.last_error;
  item->row.next_at = now.wall + wait;
  item->due = outbox_.is_replaced(*item) ? now.steady : now.steady + wait;
  store::Batch batch;
  batch.page_changes.push_back(item->row);
  // Not surely: the store still says "sending", which after a crash means the same, "perhaps received".
  const auto committed = co_await deps_.store.commit(std::move(batch));
  note_store(committed);
  item->in_flight = false;
}

// Until it is recorded the next message of the same incident waits, so their order holds.
net::awaitable<void> Alerting::Engine::record_surely(store::PageRow row) {
  model::Millis pause = std::chrono::seconds{1};
  for (;;) {
    store::Batch batch;
    batch.page_changes.push_back(row);
    const auto committed = co_await deps_.store.commit(std::move(batch));
    note_store(committed);
    if (committed) co_return;
    co_await deps_.clock.sleep_for(pause);
    pause = std::min(pause * 2, model::Millis{std::chrono::seconds{15}});
  }
}

void Alerting::Engine::emergency(const std::string& text) {
  spdlog::critical("emergency: {}", text);
  const std::string id = "dc_emergency_" + std::to_string(model::unix_millis(deps_.clock.now().wall));
  Routes everything = deps_.routes;
  everything.owner = {};
  for (const std::string& name : channels_of(plan_for(everything, {true, "store"}, model::Alarm::page))) {
    deliveries_.spawn("emergency " + name, cry(name, text, id));
  }
}

net::awaitable<void> Alerting::Engine::cry(std::string name, std::string text, std::string id) {
  Delivery delivery;
  delivery.id = id;
  delivery.now = deps_.clock.now().wall;
  Page& page = delivery.page;
  page.subject = {true, "store"};
  page.dedup_key = deps_.routes.instance + '/' + id;
  page.alarm = model::Alarm::page;
  page.severity = model::Severity::critical;
  page.opened_at = page.written_at = delivery.now;
  page.site = deps_.routes.site;
  page.text.title = shortened(text, 150);
  page.text.body.push_back(shortened(text, 2000));
  page.text.body.push_back("Sent past the store of deadcalm " + deps_.routes.site +
                           ", which cannot be written: " + store_error_ + '.');
  for (int tries = 0; tries < 2; ++tries) {
    const SendResult result = co_await attempt(name, delivery);
    if (std::holds_alternative<Accepted>(result)) co_return;
    if (const auto* retry = std::get_if<Retry>(&result)) delivery.resend = retry->ambiguous;
    co_await deps_.clock.sleep_for(std::chrono::seconds{2});
  }
}

const Channel* Alerting::Engine::channel(const std::string& name) const {
  const auto it = std::ranges::find(deps_.channels, name, &Channel::name);
  return it == deps_.channels.end() ? nullptr : &*it;
}

void Alerting::Engine::note_store(const model::Result<void>& result) {
  if (store_ok_ && !result) spdlog::critical("store: alerting cannot commit: {}", result.error().message);
  if (!store_ok_ && result) spdlog::info("store: alerting commits again");
  store_ok_ = result.has_value();
  store_error_ = result ? "" : result.error().message;
}

}  // namespace deadcalm::alerting
