#pragma once
// What AWS services answer when they refuse, as failure classes. Pure. Names are those of the "Common
// Errors" page of each service's API reference; a service has a table of its own before this one.
#include <span>
#include <string>
#include <string_view>

#include "probes/backend.h"

namespace deadcalm::probes::aws {

struct ErrorRow {
  std::string_view name;  // "ThrottlingException"
  model::Write failure;
  bool container_gone = false;
};

// `name` as the service gives it, `message` for people. `own` comes before the common table; a name in
// neither goes by the status: 5xx server, 429 throttle, 401 and 403 auth, else contract.
StepFailure classify_error(std::string_view name, std::string_view message, int status,
                           std::span<const ErrorRow> own);

}  // namespace deadcalm::probes::aws
