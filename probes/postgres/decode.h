#pragma once
// The keys of `type: postgres` (docs/configuration.md), as a write path and as a `read_from` door.
#include "config/reader.h"
#include "probes/postgres/postgres_backend.h"

namespace deadcalm::probes::postgres {

PostgresOptions decode_postgres(config::Reader& reader);
PostgresOptions decode_postgres_door(config::Reader& reader);  // read_from

}  // namespace deadcalm::probes::postgres
