#pragma once
// From an error of PostgREST or of Supabase's gateway to a failure class. Pure.
// Sources: docs.postgrest.org/en/v14/references/errors.html (SQLSTATEs are passed on, PGRST* are its own);
// supabase.com/docs/guides/troubleshooting/http-status-codes (540: the project is paused).
#include "probes/backend.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::supabase {

// The `code` of an answer: "42501", "PGRST205"; empty: none.
std::string error_code(const runtime::HttpAnswer& answer);

// For an answer whose status is not the one a step expects.
StepFailure classify(const runtime::HttpAnswer& answer);

}  // namespace deadcalm::probes::supabase
