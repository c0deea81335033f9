#pragma once
// The heart: (policy, state, event, now) → (state, transitions, wishes). Pure: the same inputs give the
// same outputs, so a recording replays to the same transitions. Reads no clock, does no I/O and never
// throws on any sequence of events (out-of-memory aside). Cost: a few microseconds.
//
// What a caller owes:
//   - every observation of the service, once, in the order they ended; anchor looks (service empty) go to
//     every service, and to evaluate_site() (site.h) which owns the one incident about being blind;
//   - a Wake at wishes.wake_at, and one whenever loop_late changes;
//   - every command that names the service or all;
//   - state and transitions committed together.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "evaluator/policy.h"
#include "evaluator/state.h"
#include "evaluator/table.h"
#include "model/command.h"
#include "model/observation.h"
#include "model/transition.h"

namespace deadcalm::evaluator {

struct Wake {
  bool loop_late = false;  // our own loop is late by more than 3 intervals
};

using Event = std::variant<model::Observation, Wake, model::Command>;

// What the evaluator would like to see next. `anchor_look` and `view_looks` are wanted once, at once
// (an anchor look that started no earlier than the observation may stand in). `recheck`, `recheck_at`
// and `wake_at` replace what the step before wished: empty means no longer wanted. A probe in `recheck` is
// looked with at recheck_at *instead of* its schedule: a scheduled look in between would shift the rechecks,
// and the promised time to a page (promise.h) would not hold.
struct Wishes {
  bool anchor_look = false;
  bool view_looks = false;                      // every view of the service
  std::vector<std::string> recheck;             // probes to look with at recheck_at, an anchor look beside
  std::optional<model::SteadyTime> recheck_at;  // may be past: at once
  std::optional<model::SteadyTime> wake_at;
};

struct Step {
  std::vector<model::Transition> transitions;
  Wishes wishes;
};

Step evaluate(const Policy& policy, ServiceState& state, const Event& event, model::Instant now);

// Where the service stands: ok (nothing is wrong, or nothing is known: see the verdict), suspect (failing,
// not yet confirmed), confirmed, recovering (confirmed, and the last looks were good).
enum class Phase { ok, suspect, confirmed, recovering };

// For status pages and metrics; changes nothing.
struct Situation {
  model::Signals signals;
  Ruling ruling;  // what the signals say right now
  Phase phase = Phase::ok;
  bool blind = false;  // frozen: signals are not to be trusted
  // What we stand by: the open incident's word; else monitor_blind or unknown if that is so; else the last
  // confirmed word (a suspect service is still called what it was).
  model::Verdict verdict = model::Verdict::unknown;
  model::Masked masked = model::Masked::unknown;
  model::Alarm alarm = model::Alarm::none;
  model::Severity severity = model::Severity::info;
  std::string probe;     // whose looks decide
  int failed_looks = 0;  // "suspect 1 of 3": counted looks of the deciding probe in a row
  int failed_looks_needed = 0;
  int good_looks = 0;  // while recovering
  int good_looks_needed = 0;
  std::optional<model::WallTime> since;      // start of the first failed look
  std::optional<model::WallTime> last_good;  // end of the last verified write
  std::optional<Millis> stale_limit;         // A_max, if views are configured
  std::optional<Millis> client_data_age;     // of the newest canary that any view shows
  bool armed = false;                        // some write probe has once completed a full cycle
  bool flapping = false;
  bool truth_measured = true;
  bool view_measured = true;
};

Situation situation(const Policy& policy, const ServiceState& state, model::Instant now);

}  // namespace deadcalm::evaluator

namespace deadcalm::model {
template <>
struct Names<evaluator::Phase> {
  static constexpr std::array<std::string_view, 4> values{"ok", "suspect", "confirmed", "recovering"};
};
}  // namespace deadcalm::model
