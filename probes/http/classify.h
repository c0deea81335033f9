#pragma once
// From an HTTP outcome to a failure class (docs/semantics.md, "What a failure is"). Pure.
#include <optional>

#include "probes/backend.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::http {

StepFailure classify(const runtime::HttpFailure& failure);

// For a status the step does not expect. wants_json: the request asked for JSON, so an HTML answer with
// 403, 429 or 503 is a firewall's challenge, not the API speaking.
StepFailure classify_status(const runtime::HttpAnswer& answer, bool wants_json);

}  // namespace deadcalm::probes::http
