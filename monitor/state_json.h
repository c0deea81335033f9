#pragma once
// The evaluator's state as JSON text, so that a restart forgets nothing. Format: docs/formats.md.
//   {"version":1,"saved":<unix ms>,"state":{...}}
// Members that are false, empty or absent are left out. Steady instants are milliseconds relative to the
// moment of saving (mostly negative); loading moves them by the time that passed on the wall clock in between
// (none, if that clock was set back). Enums are their words. Doubles are text, because they must come back
// exactly.
#include <string>
#include <string_view>

#include "evaluator/site.h"
#include "evaluator/state.h"
#include "model/error.h"
#include "model/time.h"

namespace deadcalm::monitor {

std::string to_json(const evaluator::ServiceState& state, model::Instant now);
std::string to_json(const evaluator::SiteState& state, model::Instant now);

// bad_input, naming the member, if the text is not what to_json wrote. Unknown members are ignored, so that
// an older program can read a newer one's state.
model::Result<evaluator::ServiceState> state_from_json(std::string_view text, model::Instant now);
model::Result<evaluator::SiteState> site_from_json(std::string_view text, model::Instant now);

}  // namespace deadcalm::monitor
