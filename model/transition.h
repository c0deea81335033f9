#pragma once
// A confirmed change of what we say about a service (or about ourselves). Append-only; committed
// before anybody hears of it, and then the work item that alerting reads.
#include <cstdint>
#include <optional>
#include <string>

#include "model/observation.h"
#include "model/signals.h"
#include "model/time.h"
#include "model/verdict.h"

namespace deadcalm::model {

// Whom it is about. Our own incidents (blind, unknown, store ...) have subjects of their own, so that
// they never open, change or resolve a service's incident.
struct Subject {
  bool own = false;  // true: the monitor's own incident
  std::string name;  // service name, or "blind", "unknown/<service>", "store", "channel/<name>" ...
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

// What the page says besides the verdict. Facts only; alerting/page_text.cpp makes the sentences.
struct Evidence {
  Signals signals;
  std::string probe;                  // the stream that decided
  std::string step;                   // "plant"
  std::string detail;                 // "connection refused 127.0.0.1:8080"
  int tries = 0;                      // failed looks in a row
  WallTime since{};                   // start of the first failed look
  std::optional<WallTime> last_good;  // last verified write
  int client_status = 0;              // last HTTP status on the clients' path; 0: none
  CacheClass client_cache = CacheClass::unknown;
  std::string cache_evidence;
  std::optional<Millis> client_data_age;  // age of the newest data any client path shows
  std::optional<Millis> stale_limit;      // A_max
  bool slow = false;
  std::optional<Millis> cycle_time;
  bool container_gone = false;
  bool database_still_has_it = false;
  int rungs_expected = 0, rungs_missing = 0;
  bool altered = false;                                      // a kept record holds something else
  std::optional<WallTime> newest_surviving, oldest_missing;  // bounds of a loss, as WriteLook has them
  double traffic_observed = 0, traffic_expected = 0;
  int beacon_clients = 0, beacon_on_cache = 0, beacon_waiting = 0, beacon_dropped = 0;
  bool truth_measured = true;  // false: the service has no write probe
  bool view_measured = true;   // false: it has no view
  bool checks_only = false;    // what stands for the view are ordinary checks
};

enum class Reason {
  confirmed,      // the class's threshold was reached
  label_changed,  // same alarm, other verdict or masked
  severity_rose,
  alarm_rose,  // notify became page (a time limit passed), or hard became loss
  recovered,   // success_threshold looks and recover_for
  went_blind,
  sees_again,
  first_proof,  // armed: the first verified write cycle
  setup,        // not armed yet and failing: a notice, never a page
  accepted,     // a person accepted a new generation of sentinels
};

struct Transition {
  Subject subject;
  Instant at{};
  Verdict from = Verdict::unknown;
  Verdict to = Verdict::unknown;
  Masked masked = Masked::unknown;
  AlarmClass alarm_class = AlarmClass::none;
  Alarm alarm = Alarm::none;  // none with to=healthy resolves the open incident
  Severity severity = Severity::info;
  Reason reason = Reason::confirmed;
  int row = 0;  // of the decision table; for debugging, never in a page
  Evidence evidence;
};

template <>
struct Names<Reason> {
  static constexpr std::array<std::string_view, 10> values{
      "confirmed",  "label_changed", "severity_rose", "alarm_rose", "recovered",
      "went_blind", "sees_again",    "first_proof",   "setup",      "accepted"};
};

}  // namespace deadcalm::model
