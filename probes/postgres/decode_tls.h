#pragma once
// `tls: { mode: verify-full, ca_file: ..., cert_file: ..., key_file: ... }` beside what the connection string
// says of it.
#include "config/reader.h"
#include "probes/postgres/dsn.h"

namespace deadcalm::probes::postgres {

PgTls decode_tls(config::Reader& reader);

// Both say something and do not agree, or neither asks for a verified server that is not on this machine.
void check_tls(config::Reader& reader, const PgTarget& target);

}  // namespace deadcalm::probes::postgres
