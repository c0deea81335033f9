#pragma once
// From what happened to who is told. Pure: (routes, incident, silence, event, now) -> change. Reads no
// clock, does no I/O. Rules: docs/semantics.md, "From verdict to page".
//
// The evaluator has confirmed already; the machine has no opinion of its own about health. Its timers
// are the escalation, the lease of an acknowledgement and the end of a silence.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "alerting/incident.h"
#include "alerting/page_text.h"
#include "alerting/routes.h"
#include "model/command.h"
#include "model/transition.h"

namespace deadcalm::alerting {

inline constexpr model::Millis kAckCritical = std::chrono::minutes{30};
inline constexpr model::Millis kAckOther = std::chrono::hours{4};
inline constexpr model::Millis kLongestSilence = std::chrono::hours{7 * 24};

struct Wake {};  // time has passed

// A command is handed to every incident it names: see names().
using Happening = std::variant<model::Transition, model::Command, Wake>;

// One message to one channel, still without its words.
struct Order {
  std::string channel;
  PageKind kind = PageKind::trigger;
  Occasion occasion = Occasion::opened;
  int round = 0;  // of the incident: with kind and channel it names the message
  friend bool operator==(const Order&, const Order&) = default;
};

struct Change {
  std::optional<Incident> incident;  // as it is now; absent: nothing changed
  std::vector<Order> orders;
};

// The subject whose incident a transition is about. Probes that never worked have one of their own
// ("setup/<service>/<probe>"), so that a set-up notice never touches the service's incident.
model::Subject subject_for(const model::Transition& transition);

// Does the command speak of this incident? By service ("orders", and our own incidents about it), by
// the subject's own name ("blind", "channel/slack-ops"), or of all (empty).
bool names(const model::Command& command, const model::Subject& subject);

// `latest`: the newest incident of the subject, open or not; `silence`: of its service, if one is known
// (one that has ended counts as none).
Change decide(const Routes& routes, const std::optional<Incident>& latest,
              const std::optional<Silence>& silence, const Happening& happening, model::WallTime now);

// Tells channels that were not asked to be told, because another one did not take the page.
Change fall_back(const Incident& incident, const std::vector<std::string>& channels);

// When a Wake would change something; absent: never.
std::optional<model::WallTime> next_wake(const Incident& incident, const std::optional<Silence>& silence);

bool is_active(const std::optional<Silence>& silence, model::WallTime now);

// The silence that a command makes (silence, maintenance_start).
Silence silence_of(const model::Command& command);

// For those who make commands (API, command line): why this one is refused, or nothing. Refused are a
// silence of everything, without an end, in the past, or longer than 7 days, and closing every incident at
// once.
std::optional<std::string> refusal(const model::Command& command);

}  // namespace deadcalm::alerting
