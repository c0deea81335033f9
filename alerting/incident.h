#pragma once
// What people handle. Values only: incident_machine.h decides, alerting.h keeps them in the store.
#include <optional>
#include <string>
#include <vector>

#include "model/error.h"
#include "model/transition.h"

namespace deadcalm::alerting {

// Who is told about one incident, copied when it opens: a reload in the middle of an outage changes the
// next incident, never this one. One list of channels is a single step without repeats.
struct Step {
  std::vector<std::string> to;
  model::Millis after{0};  // since the step before; of the first: since the incident opened
  friend bool operator==(const Step&, const Step&) = default;
};
struct Plan {
  std::vector<Step> steps;
  std::vector<std::string> last_resort;
  std::optional<model::Millis> repeat_every;  // of the last resort, for ever; absent: no repeats
  friend bool operator==(const Plan&, const Plan&) = default;
};

// Pages of one service are held until `until`; resolves are still sent.
struct Silence {
  std::string service;
  std::string author, reason;
  model::WallTime from{}, until{};
  bool maintenance = false;
  friend bool operator==(const Silence&, const Silence&) = default;
};

struct Incident {
  model::Subject subject;
  int generation = 1;  // counts the incidents of a subject
  bool open = true;

  model::Verdict verdict = model::Verdict::unknown;
  model::Masked masked = model::Masked::unknown;
  model::Alarm alarm = model::Alarm::none;
  model::Severity severity = model::Severity::info;
  model::Evidence evidence;

  model::WallTime opened_at{};
  std::optional<model::WallTime> resolved_at;
  std::string resolved_by;  // empty: it got well by itself
  // Closed by a person while we still measure trouble: opens again at this time unless it got well.
  std::optional<model::WallTime> reopen_at;

  std::string acked_by;
  std::optional<model::WallTime> ack_until;  // a lease; set: acknowledged

  Plan plan;
  int next_step = 0;                            // index into plan.steps; past the end: the last resort
  std::optional<model::WallTime> next_step_at;  // absent: nothing more to tell
  bool held = false;                            // a silence holds what should have been told
  int round = 0;                                // counts messages of this incident; part of their ids
  std::vector<std::string> told;                // channels that got a trigger, each owed a resolve
  std::vector<std::string> refused;             // those of them that did not take it

  bool acknowledged() const { return ack_until.has_value(); }
};

// "orders", or "own:blind" for the monitor's own: the key of the store's incident rows.
std::string key_of(const model::Subject& subject);
model::Subject subject_of(const std::string& key);

// "<key>#<generation>": names one incident in page rows.
std::string name_of(const Incident& incident);

// The stored form. Fields are added, never renamed; unknown ones are ignored.
std::string to_json(const Incident& incident);
model::Result<Incident> incident_from_json(const std::string& text);
std::string to_json(const Silence& silence);
model::Result<Silence> silence_from_json(const std::string& text);

}  // namespace deadcalm::alerting
