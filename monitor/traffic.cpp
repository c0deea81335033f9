// A look at who else writes: the window is chosen, the source asked, the count judged. What is usual is
// learnt on the way and kept in the store.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "monitor/monitor.h"
#include "monitor/parts.h"
#include "monitor/traffic_json.h"

namespace deadcalm::monitor {
namespace {

// A crash costs no more of what was learnt than this.
constexpr model::Millis kSaveEvery{300'000};
constexpr model::Millis kLearnBack = std::chrono::hours{24 * 28};

}  // namespace

net::awaitable<void> Monitor::look_traffic(Service& service) {
  if (!service.plan.traffic) co_return;
  TrafficPlan& plan = *service.plan.traffic;
  const evaluator::Policy& policy = service.plan.policy;
  co_await learn_from_the_past(service, plan);
  model::Observation observation;
  observation.service = service.plan.name;
  observation.probe = service.traffic->status.probe;
  observation.started = deps_.clock.now();
  const auto failing = evaluator::failing_since(policy, service.state);
  const auto window = evaluator::window_to_count(plan.window, failing, observation.started);
  model::TrafficLook look;
  if (!window) {
    observation.ended = observation.started;
    observation.step = "wait";
    observation.detail = "too soon after the first failed write to count who else writes";
  } else {
    const model::WallTime since = std::chrono::ceil<std::chrono::seconds>(observation.started.wall - *window);
    const probes::CountWindow question{since, *window};
    const model::SteadyTime deadline = observation.started.steady + plan.timeout;
    const probes::Counted counted = co_await plan.source->count(question, deadline);
    observation.ended = deps_.clock.now();
    service.traffic->status.window = *window;
    if (counted) {
      const evaluator::Count count{observation.started + -*window, observation.started, *counted};
      const bool learn = evaluator::learns(policy, service.state);
      look = evaluator::judge_count(policy, service.traffic->history, count, failing.has_value(), learn);
    } else {
      observation.step = "count";
      observation.detail = counted.error();
    }
  }
  observation.look = look;
  take(service, std::move(observation));
  save_traffic(service);
}

// Once, when nothing is known yet: a source that remembers saves us weeks of learning.
net::awaitable<void> Monitor::learn_from_the_past(Service& service, TrafficPlan& plan) {
  if (service.traffic->history.began || std::exchange(service.traffic->past_asked, true)) co_return;
  const model::Instant now = deps_.clock.now();
  const model::SteadyTime deadline = now.steady + plan.timeout;
  const auto hours = co_await plan.source->history(now.wall, kLearnBack, deadline);
  if (!hours) {
    spdlog::warn("{}: what traffic is usual cannot be asked for ({}): it is learnt from now on",
                 service.plan.name, hours.error());
    co_return;
  }
  for (const probes::CountedHour& hour : *hours) {
    const model::Instant from{hour.begins, now.steady};
    const evaluator::Count count{from, from + std::chrono::hours{1}, hour.commits};
    evaluator::judge_count(service.plan.policy, service.traffic->history, count, false, true);
  }
  if (!hours->empty()) {
    spdlog::info("{}: usual traffic learnt from {} hours of the past", service.plan.name, hours->size());
  }
}

void Monitor::restore_traffic(Service& service, const std::vector<store::Document>& histories) {
  if (!service.traffic) return;
  const auto saved = std::ranges::find(histories, service.plan.name, &store::Document::key);
  if (saved == histories.end()) return;
  auto history = traffic_from_json(saved->text);
  if (history) {
    service.traffic->history = *std::move(history);
  } else {
    spdlog::warn("{}: what traffic was usual cannot be read ({}); it is learnt afresh", service.plan.name,
                 history.error().message);
  }
}

void Monitor::save_traffic(Service& service) {
  const model::SteadyTime now = deps_.clock.now().steady;
  if (!service.traffic->history.began || now - service.traffic->saved < kSaveEvery) return;
  service.traffic->saved = now;
  store::Batch batch;
  batch.documents = {{kTrafficHistory, service.plan.name, to_json(service.traffic->history)}};
  tasks_.spawn("commit", commit(std::move(batch)));
}

}  // namespace deadcalm::monitor
