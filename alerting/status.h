#pragma once
// A picture of alerting at one moment, as plain values, for metrics and status pages.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alerting/incident.h"

namespace deadcalm::alerting {

struct ChannelStatus {
  std::string name, type;
  std::uint64_t accepted = 0, retried = 0, rejected = 0;  // attempts since start
  std::optional<model::WallTime> last_accepted, last_failed;
  std::string last_error;
  std::optional<model::WallTime> held_until;  // the receiver asked us to wait
};

struct IncidentStatus {
  model::Subject subject;
  int generation = 0;
  std::string headline;
  model::Verdict verdict = model::Verdict::unknown;
  model::Masked masked = model::Masked::unknown;
  model::Alarm alarm = model::Alarm::none;
  model::Severity severity = model::Severity::info;
  model::WallTime opened_at{};
  std::string acked_by;
  std::optional<model::WallTime> ack_until, next_step_at;
  bool silenced = false;
  bool exhausted = false;  // the escalation is at its last resort
  std::vector<std::string> told;
};

struct Status {
  std::size_t queued = 0, sending = 0;                   // now
  std::uint64_t accepted = 0, dead = 0, superseded = 0;  // since start
  double oldest_due_seconds = 0;  // age of the oldest unsent message, whatever its next try
  bool store_ok = true;           // the last commit worked
  std::string store_error;
  std::vector<ChannelStatus> channels;
  std::vector<IncidentStatus> incidents;  // open ones
  std::vector<Silence> silences;          // active ones
};

}  // namespace deadcalm::alerting
