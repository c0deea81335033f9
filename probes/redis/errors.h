#pragma once
// Redis error replies ("WRONGPASS invalid username-password pair ...") as failure classes. Pure.
#include <string>

#include "probes/backend.h"

namespace deadcalm::probes::redis {

StepFailure classify_error(const std::string& text);

}  // namespace deadcalm::probes::redis
