#pragma once
// What is remembered about a source of traffic as JSON text. Format: docs/formats.md, "Traffic history".
#include <string>
#include <string_view>

#include "evaluator/traffic.h"
#include "model/error.h"

namespace deadcalm::monitor {

std::string to_json(const evaluator::TrafficHistory& history);

// bad_input, naming the member, if the text is not what to_json wrote. Unknown members are ignored.
model::Result<evaluator::TrafficHistory> traffic_from_json(std::string_view text);

}  // namespace deadcalm::monitor
