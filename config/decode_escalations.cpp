#include <algorithm>

#include "config/decode.h"

namespace deadcalm::config {
namespace {

EscalationStep decode_step(const Node& node, bool is_first, Addressees& known, Context& context) {
  Reader reader(node, context);
  EscalationStep step;
  reader.one_of({"to"}, true);
  step.to = read_channels(reader, "to", known);
  const Node* to = node.find("to");
  if (to != nullptr && to->is_sequence() && to->items.empty()) reader.fault("to", "this step tells nobody");
  step.after = reader.duration("after", is_first ? seconds{0} : model::Millis{minutes{5}}, kNoLeast,
                               std::chrono::hours{24});
  return step;
}

}  // namespace

std::vector<EscalationOptions> decode_escalations(Reader& root, Addressees& known) {
  std::vector<EscalationOptions> escalations;
  Taken taken;
  for (const Node& node : root.list("escalations")) {
    Reader reader(node, root.context());
    EscalationOptions escalation;
    escalation.name = read_name(reader, taken);
    if (std::ranges::find(known.channels, escalation.name) != known.channels.end() &&
        !escalation.name.empty()) {
      reader.fault("name", "a channel has this name too, so \"page:\" could mean either");
    }
    reader.one_of({"steps"}, true);
    for (const Node& step : reader.list("steps")) {
      escalation.steps.push_back(decode_step(step, escalation.steps.empty(), known, root.context()));
    }
    const Node* steps = node.find("steps");
    if (steps != nullptr && steps->is_sequence() && steps->items.empty())
      reader.fault("steps", "tells nobody");
    escalation.last_resort = read_channels(reader, "last_resort", known);
    escalation.repeat_every =
        reader.duration("repeat_every", escalation.repeat_every, minutes{1}, std::chrono::hours{24});
    escalations.push_back(std::move(escalation));
  }
  return escalations;
}

}  // namespace deadcalm::config
