#pragma once
// What each verdict says and asks for; page_text.cpp puts it together. Pure.
#include <string>
#include <vector>

#include "alerting/page_text.h"

namespace deadcalm::alerting {

struct VerdictText {
  std::string headline;           // without the service's name
  std::vector<std::string> body;  // sentences
  std::string first;              // "FIRST: ..."
  bool names_itself = false;      // the headline already says who: no "<service>: " before it
};

VerdictText service_text(const Incident& incident, model::WallTime now);

// The monitor's own incidents: blind, unknown, a second deadcalm, a dead channel, the store, set-up.
VerdictText own_text(const Incident& incident, const std::string& site, model::WallTime now);

// "since 02:14:00 UTC (3 min, 5 tries: connection refused api.example.com:443)"
std::string since_text(const Incident& incident, model::WallTime now);
// "200 from cache (X-Cache: HIT), data 4 min old; 41 of 52 apps on cache, 17 writes dropped, 63 waiting"
std::string clients_text(const Incident& incident);
// `detail at "step"`; empty if neither is known.
std::string cause_text(const model::Evidence& evidence);

}  // namespace deadcalm::alerting
