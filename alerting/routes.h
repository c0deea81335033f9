#pragma once
// Who is told about what. Made from the configuration, pure from there on.
#include <string>
#include <utility>
#include <vector>

#include "alerting/incident.h"
#include "config/options.h"

namespace deadcalm::alerting {

struct ServiceRoute {
  std::string name;
  std::string runbook;  // URL; empty: none
  std::string proves;   // "API → postgres"; empty: not known
  std::vector<std::pair<std::string, std::string>> labels;
  config::Route page, owner;
  std::vector<std::string> notify;
};

struct Routes {
  std::string site;
  std::string instance;  // of the store; the first part of every dedup key
  std::vector<ServiceRoute> services;
  config::Route page, owner;  // defaults, for what belongs to no service
  std::vector<std::string> notify;
  std::vector<config::EscalationOptions> escalations;
  std::vector<std::string> channels;  // all that are configured

  const ServiceRoute* service(const std::string& name) const;  // nullptr: unknown
};

Routes routes_of(const config::Options& options, const std::string& instance);

// The service that a subject belongs to: "orders" for "orders", "unknown/orders", "setup/orders/http";
// empty for "blind", "store", "channel/slack-ops".
std::string service_of(const model::Subject& subject);

// Who is told at this alarm.
//   service, page: its `page`. Service or own, notify: the service's `notify` (else the defaults').
//   own, page: the service's owner, else defaults.owner, else everybody who is paged.
// Channels that are not configured are left out, and those in `without` (a dead channel hears nothing
// about itself). A page for which nobody is left goes to every channel: it must reach somebody.
Plan plan_for(const Routes& routes, const model::Subject& subject, model::Alarm alarm,
              const std::vector<std::string>& without = {});

// All channels of a plan, each once, in order.
std::vector<std::string> channels_of(const Plan& plan);

}  // namespace deadcalm::alerting
