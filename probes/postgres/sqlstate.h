#pragma once
// From a SQLSTATE (PostgreSQL manual, appendix A) to a failure class. Pure.
#include <string_view>

#include "probes/backend.h"

namespace deadcalm::probes::postgres {

// `own_timeout`: we cancelled the statement ourselves (57014 is then a time-out, not the server's doing).
StepFailure classify_sqlstate(std::string_view state, std::string message, bool own_timeout = false);

}  // namespace deadcalm::probes::postgres
