#include "alerting/routes.h"

#include <algorithm>

namespace deadcalm::alerting {
namespace {

using config::Route;

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

void add_once(std::vector<std::string>& words, const std::vector<std::string>& more) {
  for (const std::string& word : more) {
    if (!contains(words, word)) words.push_back(word);
  }
}

Plan plan_of(const Routes& routes, const Route& route) {
  Plan plan;
  if (route.escalation.empty()) {
    if (!route.channels.empty()) plan.steps.push_back({route.channels, model::Millis{0}});
    return plan;
  }
  for (const config::EscalationOptions& e : routes.escalations) {
    if (e.name != route.escalation) continue;
    for (const config::EscalationStep& step : e.steps) plan.steps.push_back({step.to, step.after});
    plan.last_resort = e.last_resort;
    if (plan.last_resort.empty() && !e.steps.empty()) plan.last_resort = e.steps.back().to;
    plan.repeat_every = e.repeat_every;
  }
  return plan;
}

// Everybody who is paged for anything. One route for all keeps its escalation; several become one list,
// since nobody has said which of them comes first.
Plan everybody(const Routes& routes) {
  std::vector<Route> different;
  const auto add = [&](const Route& route) {
    if (!route.empty() && std::ranges::find(different, route) == different.end()) different.push_back(route);
  };
  for (const ServiceRoute& service : routes.services) add(service.page);
  if (different.empty()) add(routes.page);
  if (different.size() == 1) return plan_of(routes, different.front());
  Step all;
  for (const Route& route : different) add_once(all.to, channels_of(plan_of(routes, route)));
  Plan plan;
  if (!all.to.empty()) plan.steps.push_back(std::move(all));
  return plan;
}

Plan owners(const Routes& routes, const ServiceRoute* service) {
  if (service != nullptr && !service->owner.empty()) return plan_of(routes, service->owner);
  if (!routes.owner.empty()) return plan_of(routes, routes.owner);
  if (service != nullptr && !service->page.empty()) return plan_of(routes, service->page);
  return everybody(routes);
}

void leave_out(Plan& plan, const Routes& routes, const std::vector<std::string>& without) {
  const auto gone = [&](const std::string& channel) {
    return !contains(routes.channels, channel) || contains(without, channel);
  };
  for (Step& step : plan.steps) std::erase_if(step.to, gone);
  std::erase_if(plan.last_resort, gone);
}

}  // namespace

const ServiceRoute* Routes::service(const std::string& name) const {
  const auto it = std::ranges::find(services, name, &ServiceRoute::name);
  return it == services.end() ? nullptr : &*it;
}

Routes routes_of(const config::Options& options, const std::string& instance) {
  Routes routes;
  routes.site = options.site;
  routes.instance = instance;
  routes.page = options.defaults.page;
  routes.owner = options.defaults.owner;
  routes.notify = options.defaults.notify;
  routes.escalations = options.escalations;
  for (const config::ChannelOptions& channel : options.channels) routes.channels.push_back(channel.name);
  for (const config::ServiceOptions& s : options.services) {
    routes.services.push_back({.name = s.name,
                               .runbook = s.runbook,
                               .proves = {},
                               .labels = s.labels,
                               .page = s.page,
                               .owner = s.owner,
                               .notify = s.notify});
  }
  return routes;
}

std::string service_of(const model::Subject& subject) {
  if (!subject.own) return subject.name;
  for (const std::string_view kind : {"unknown/", "clone/", "credential/", "setup/"}) {
    if (!subject.name.starts_with(kind)) continue;
    const std::string rest = subject.name.substr(kind.size());
    return rest.substr(0, rest.find('/'));
  }
  return {};
}

Plan plan_for(const Routes& routes, const model::Subject& subject, model::Alarm alarm,
              const std::vector<std::string>& without) {
  const ServiceRoute* service = routes.service(service_of(subject));
  Plan plan;
  if (alarm == model::Alarm::notify) {
    const auto& channels = service != nullptr ? service->notify : routes.notify;
    if (!channels.empty()) plan.steps.push_back({channels, model::Millis{0}});
  } else if (subject.own) {
    plan = owners(routes, service);
  } else {
    plan = service != nullptr ? plan_of(routes, service->page) : everybody(routes);
  }
  const bool somebody_meant = !channels_of(plan).empty();
  leave_out(plan, routes, without);
  // `page: []` means nobody is woken, and that is the user's word; a list that became empty is not.
  if (alarm == model::Alarm::page && channels_of(plan).empty() && (somebody_meant || subject.own)) {
    plan = {};
    plan.steps.push_back({routes.channels, model::Millis{0}});
    leave_out(plan, routes, without);
  }
  return plan;
}

std::vector<std::string> channels_of(const Plan& plan) {
  std::vector<std::string> all;
  for (const Step& step : plan.steps) add_once(all, step.to);
  add_once(all, plan.last_resort);
  return all;
}

}  // namespace deadcalm::alerting
