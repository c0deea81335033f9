#pragma once
// Why a session was refused, by the server or by a pooler before it: libpq's message to a class. Pure.
// Sources: PostgreSQL manual, appendix A and "libpq, PQerrorMessage"; PgBouncer 1.18 src/client.c, objects.c
// and server.c, whose errors all carry SQLSTATE 08P01.
#include <string>

#include "probes/backend.h"

namespace deadcalm::probes::postgres {

// `message` as libpq gives it with PQERRORS_VERBOSE: "... FATAL:  28P01: password authentication failed".
// `tls_reason`: what OpenSSL says of the server's certificate; empty: nothing was wrong with it.
StepFailure classify_refusal(const std::string& message, const std::string& tls_reason);

// An error of SQLSTATE 08P01, in a session or before it, where a pooler speaks; else nullopt.
std::optional<StepFailure> classify_pooler(const std::string& message);

// PgBouncer in statement pooling: it allows no BEGIN.
bool refuses_transactions(const StepFailure& failure);

}  // namespace deadcalm::probes::postgres
