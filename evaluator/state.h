#pragma once
// All that the evaluator remembers about one service between two events. A plain value: comparable,
// copyable, persistable (monitor/state_json.h), about 2 KB for the usual service. Only evaluate() and
// the files beside it write it. Steady instants are of this process; state_json moves them to the next.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluator/streak.h"
#include "model/observation.h"
#include "model/signals.h"
#include "model/time.h"
#include "model/verdict.h"

namespace deadcalm::evaluator {

using model::Instant;
using model::Millis;
using model::SteadyTime;

// What kinds of trouble one look found. A look without any is good; an unknown look is never made into one.
struct Trouble {
  bool loss = false;      // a sentinel missing or reset, an acknowledged record lost
  bool hard = false;      // the write, or the clients' path, fails
  bool soft = false;      // throttled, slow, unreadable, served stale on errors, silent traffic
  bool impaired = false;  // unreadable or slow: the soft trouble that pages when it lasts
  bool setup = false;     // the probe has never worked: tell it once, count nothing

  bool any() const { return loss || hard || soft || setup; }
  friend bool operator==(const Trouble&, const Trouble&) = default;
};

// A failed look that counts as soon as an anchor look which started no earlier turns out well.
struct FailedLook {
  Instant started{};
  Trouble trouble;
  friend bool operator==(const FailedLook&, const FailedLook&) = default;
};

// Failed looks of one probe, by class. A tick of a higher class is also in the streaks of the lower ones.
struct Streaks {
  Streak loss, hard, soft, impaired;
  std::vector<FailedLook> waiting;      // for an anchor look; at most kMostWaiting
  std::optional<SteadyTime> last_look;  // start of the last look of any outcome: a hole ends the streaks
  friend bool operator==(const Streaks&, const Streaks&) = default;
};
inline constexpr std::size_t kMostWaiting = 4;

// When a canary was planted, by the clock that does not step.
struct PlantedCanary {
  std::uint64_t seq = 0;
  SteadyTime planted{};
  bool acknowledged = false;
  friend bool operator==(const PlantedCanary&, const PlantedCanary&) = default;
};
inline constexpr std::size_t kMostCanaries = 12;

struct WriteState {
  std::string probe;
  bool looked = false;  // the fields of the last look below are set
  Instant started{}, ended{};
  model::Write write = model::Write::unknown;
  bool slow = false;
  model::ReadBack read_back = model::ReadBack::unknown;
  model::Sentinel sentinel = model::Sentinel::unknown;
  bool container_gone = false;
  bool newest_rung_missing = false;
  int rungs_expected = 0, rungs_missing = 0;
  bool altered = false;
  std::optional<model::WallTime> credential_ends;
  std::optional<model::WallTime> newest_surviving, oldest_missing;
  bool database_still_has_it = false;
  Millis cycle_time{};
  std::string step, detail;  // detail cut to kLongestDetail bytes

  bool armed = false;
  bool setup_told = false;
  std::optional<Instant> last_good;           // end of the last verified cycle
  std::optional<SteadyTime> throttled_since;  // first throttled look since the last success
  std::optional<Instant> failing_since;       // end of the first look since the last success that failed
  std::optional<SteadyTime> answered_since;   // plants attempted and answered without a hole since
  std::vector<PlantedCanary> canaries;        // by seq; see canaries.h
  Streaks streaks;
  friend bool operator==(const WriteState&, const WriteState&) = default;
};
inline constexpr std::size_t kLongestDetail = 240;

// The newest number of one of our streams that a view has shown.
struct SeenStream {
  std::string stream;
  std::uint64_t seq = 0;
  friend bool operator==(const SeenStream&, const SeenStream&) = default;
};

struct ViewState {
  std::string probe;
  bool looked = false;
  Instant started{}, ended{};
  model::Client client = model::Client::unknown;
  model::CacheClass cache = model::CacheClass::unknown;
  bool answered = false;  // somebody answered on the clients' path, if only a cache
  int http_status = 0;
  std::string cache_evidence;
  std::string step, detail;

  bool armed = false;  // has ever answered well
  bool setup_told = false;
  std::optional<Millis> lifetime;             // what its newest answer allowed caches to keep it, when told
  std::optional<SteadyTime> newest_planted;   // when the newest token it ever showed was planted
  std::optional<SteadyTime> listening_since;  // where it is pushed to: it can show nothing that is older
  std::vector<SeenStream> seen;               // of our own streams
  Streaks streaks;
  friend bool operator==(const ViewState&, const ViewState&) = default;
};

struct TrafficState {
  bool looked = false;
  Instant started{}, ended{};
  model::Traffic traffic = model::Traffic::unknown;
  double expected = 0, observed = 0;
  Instant window_start{};
  Streaks streaks;
  friend bool operator==(const TrafficState&, const TrafficState&) = default;
};

struct BeaconState {
  bool looked = false;
  Instant started{}, ended{};
  model::Beacons beacons = model::Beacons::unknown;
  int clients = 0, on_cache = 0, waiting = 0, dropped = 0;
  friend bool operator==(const BeaconState&, const BeaconState&) = default;
};

// What we say about an open incident, in one value.
struct Label {
  model::Verdict verdict = model::Verdict::unknown;
  model::Masked masked = model::Masked::unknown;
  model::AlarmClass alarm_class = model::AlarmClass::none;
  model::Alarm alarm = model::Alarm::none;
  model::Severity severity = model::Severity::info;
  int row = 0;
  bool minor_loss = false;  // one rung of the ladder: a notice
  std::string probe;        // whose looks decide it
  friend bool operator==(const Label&, const Label&) = default;
};

// An outage that was confirmed and has not recovered.
struct OpenIncident {
  Label label;
  Instant since{};    // start of the first failed look
  Streak well;        // good looks of label.probe in a row: recovery
  Streak calm;        // its looks without trouble of the incident's class: a milder label
  bool loss = false;  // data loss was confirmed: only a person ends this
  bool loss_critical = false;
  bool beacons_were_high = false;
  std::optional<Label> next;  // a label that is no rise and has not yet lasted long enough
  SteadyTime next_since{};
  friend bool operator==(const OpenIncident&, const OpenIncident&) = default;
};

struct ServiceState {
  std::vector<WriteState> writes;  // one per configured probe, in the order of the policy
  std::vector<ViewState> views;
  TrafficState traffic;
  BeaconState beacons;

  std::optional<SteadyTime> anchor_started;     // of the newest anchor look
  std::optional<SteadyTime> anchor_ok_started;  // of the newest good one
  bool anchor_bad = false;
  bool loop_late = false;
  std::optional<SteadyTime> frozen_since;               // blind: nothing advances
  SteadyTime fresh_after{SteadyTime::duration::min()};  // looks that started earlier say nothing any more

  model::Verdict said = model::Verdict::unknown;  // the last confirmed word: healthy, or the open incident's
  std::optional<OpenIncident> incident;
  // The steady part runs on the clock that stands still while we are blind.
  std::optional<Instant> behind_since;  // clients do not get what was acknowledged
  std::optional<Instant> beacons_high_since;
  std::vector<SteadyTime> changes;  // opened, resolved, fell back: within the last 30 min, newest last
  int recovery_factor = 1;          // 1, 2, 4 or 8 while flapping

  std::optional<Instant> unknown_since;  // own incident after 3 intervals
  bool unknown_told = false;
  bool clone_told = false;
  bool credential_told = false;
  int looks_without_clone = 0;

  bool writes_paused = false;
  std::optional<SteadyTime> deploy_until;
  bool reset_expected = false;                     // maintenance with expect_reset is on
  std::optional<SteadyTime> reset_expected_until;  // nullopt: until it is ended
  friend bool operator==(const ServiceState&, const ServiceState&) = default;
};

}  // namespace deadcalm::evaluator
