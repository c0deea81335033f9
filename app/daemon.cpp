#include "app/daemon.h"

#include <spdlog/spdlog.h>

#include <random>

#include "app/build_plan.h"
#include "model/duration.h"
#include "runtime/log.h"
#include "store/sqlite/sqlite_store.h"

namespace deadcalm::app {
namespace {

// How long a part may be silent before we stop telling the outside that all is well.
constexpr model::Millis kLoopSilent{30'000};
constexpr double kOldestPageSeconds = 120;

std::function<double()> random_source() {
  auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

}  // namespace

Daemon::Daemon(net::any_io_executor executor, const Configured& configured, std::ostream& console,
               DaemonHooks hooks)
    : executor_(std::move(executor)), configured_(configured), console_(console), hooks_(std::move(hooks)) {}

Daemon::~Daemon() = default;

net::awaitable<model::Result<void>> Daemon::start() {
  auto started = co_await start_parts();
  if (!started) co_await stop(model::Millis{0});
  co_return started;
}

net::awaitable<model::Result<void>> Daemon::start_parts() {
  const config::Options& options = configured_.options();
  runtime::mask_in_logs(configured_.loaded.secrets);

  auto lock = store::InstanceLock::take(options.store.path);
  if (!lock) co_return std::unexpected(lock.error());
  lock_ = *std::move(lock);
  auto opened = store::open_sqlite(options.store.path);
  if (!opened) co_return std::unexpected(opened.error());
  const auto remembered = remember(**opened);
  if (!remembered) co_return std::unexpected(remembered.error());
  store_ = std::make_unique<store::StoreThread>(*std::move(opened));

  ledger_ = std::make_unique<monitor::StoreLedger>(*store_);
  probe_client_ = std::make_unique<runtime::HttpClient>(executor_);
  page_client_ = std::make_unique<runtime::HttpClient>(executor_);

  alerting::AlertingDeps alerting_deps{executor_,
                                       clock_,
                                       *store_,
                                       alerting::routes_of(options, remembered->identity.instance),
                                       {},
                                       random_source(),
                                       hooks_.on_failure};
  for (const ConfiguredChannel& channel : configured_.channels) {
    alerting_deps.channels.push_back(
        {channel.name, channel.type, channel.make(alerting::SenderDeps{*page_client_, console_})});
  }
  alerting_ = std::make_unique<alerting::Alerting>(std::move(alerting_deps));
  auto restored = co_await alerting_->restore();
  if (!restored) co_return restored;

  monitor::Plan plan =
      build_plan(configured_, *remembered, PlanDeps{clock_, *probe_client_, executor_, *ledger_});
  monitor_ = std::make_unique<monitor::Monitor>(
      std::move(plan),
      monitor::MonitorDeps{executor_, clock_, *store_, [this] { alerting_->poke(); },
                           [this](const model::Observation& observation) {
                             metrics_.observe(observation);
                             if (hooks_.on_observation) hooks_.on_observation(observation);
                           },
                           [this](const model::Transition& transition) {
                             metrics_.observe(transition);
                             if (hooks_.on_transition) hooks_.on_transition(transition);
                           },
                           [this](const model::Transition& transition) { tell_past_the_store(transition); },
                           hooks_.on_failure, [this](model::Millis late) { metrics_.observe_start(late); }});
  restored = co_await monitor_->restore();
  if (!restored) co_return restored;

  api_ = std::make_unique<server::Api>(
      server::ApiDeps{clock_, metrics_, [this] { return facts(); },
                      [this](std::string name, model::Beat beat, int exit_code) {
                        return monitor_->beat(std::move(name), beat, exit_code);
                      }});
  server_ = std::make_unique<server::HttpServer>(
      executor_, [this](server::Request request) { return api_->handle(std::move(request)); });
  const auto port = server_->start(options.web.listen);
  if (!port) co_return std::unexpected(port.error());
  port_ = *port;

  // Sinks first, sources last.
  alerting_->start();
  monitor_->start();
  if (options.deadman) {
    deadman_ = std::make_unique<alerting::Deadman>(
        *options.deadman,
        alerting::DeadmanDeps{executor_, clock_, *page_client_, [this] { return stale(); }});
    deadman_->start();
  }
  co_return model::Result<void>{};
}

net::awaitable<void> Daemon::stop(model::Millis patience) {
  if (deadman_) co_await deadman_->stop();
  if (server_) co_await server_->stop();
  if (monitor_) co_await monitor_->stop(patience);
  if (alerting_) co_await alerting_->stop(patience);
  server_.reset();
  deadman_.reset();
  monitor_.reset();
  alerting_.reset();
  ledger_.reset();
  store_.reset();
  lock_.reset();
}

net::awaitable<model::Result<void>> Daemon::tell(model::Command command) {
  command.at = clock_.now().wall;
  store::Batch batch;
  batch.commands = {std::move(command)};
  auto committed = co_await store_->commit(std::move(batch));
  if (committed) monitor_->poke();
  co_return committed;
}

// The disk is full and an outage was found: better told twice than not at all. The transition itself is
// kept and committed when there is space again.
void Daemon::tell_past_the_store(const model::Transition& transition) {
  if (transition.alarm != model::Alarm::page) return;
  alerting_->emergency((transition.subject.own ? "deadcalm" : transition.subject.name) + ": " +
                       std::string(model::name(transition.to)) + " (" + transition.evidence.detail +
                       "). deadcalm cannot write its store (" + monitor_->status().store_error +
                       "), so this page is sent past it; check the disk of the deadcalm host");
}

std::optional<std::string> Daemon::stale() const {
  const model::SiteStatus site = monitor_->status();
  const alerting::Status outbox = alerting_->status();
  if (!site.store_ok) return "the store cannot be written: " + site.store_error;
  if (!outbox.store_ok) return "the outbox cannot be written: " + outbox.store_error;
  if (site.loop_last_run && site.at - *site.loop_last_run > kLoopSilent) return "the scheduler stands still";
  if (outbox.oldest_due_seconds > kOldestPageSeconds) return "a page has waited longer than two minutes";
  return std::nullopt;
}

exporter::Facts Daemon::facts() const {
  exporter::Facts facts;
  facts.site = monitor_->status();
  const alerting::Status outbox = alerting_->status();
  facts.outbox.queued = outbox.queued;
  facts.outbox.sending = outbox.sending;
  facts.outbox.oldest_due_seconds = outbox.oldest_due_seconds;
  facts.outbox.open_incidents = outbox.incidents.size();
  for (const auto& channel : outbox.channels) {
    facts.outbox.channels.push_back({channel.name, static_cast<double>(channel.accepted),
                                     static_cast<double>(channel.retried),
                                     static_cast<double>(channel.rejected)});
  }
  for (const auto& silence : outbox.silences) facts.outbox.silenced_services.push_back(silence.service);
  return facts;
}

}  // namespace deadcalm::app
