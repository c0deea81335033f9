#pragma once
// The keys of `type: postgres` (docs/backends/postgres.md), as a write path and as a `read_from` door.
#include "config/reader.h"
#include "probes/postgres/postgres_options.h"

namespace deadcalm::probes::postgres {

PostgresOptions decode_postgres(config::Reader& reader);

// read_from. Without a query it reads what `write`, the map around it, writes: the managed table, or by
// its own read statement. Null: another type writes, and a query is needed.
PostgresOptions decode_postgres_door(config::Reader& reader, config::Reader* write);

// The keys dsn and tls: also of other types that speak to a PostgreSQL.
PgTarget decode_target(config::Reader& reader);

// The keys plant, read, remove and find.
PgStatements decode_statements(config::Reader& reader);

}  // namespace deadcalm::probes::postgres
