#include "probes/postgres/decode.h"

#include <algorithm>

#include "config/connection_policy.h"
#include "probes/postgres/decode_tls.h"

namespace deadcalm::probes::postgres {
namespace {

constexpr std::string_view kIds[] = {"id", "uuid", "int"};
constexpr const char* kSteps[] = {"plant", "read", "remove", "find"};
constexpr const char* kManaged[] = {"schema", "table", "create"};

bool has_statements(const config::Reader& reader) {
  return std::ranges::any_of(kSteps, [&](const char* key) { return reader.has(key); });
}

// `query: select note from canaries where id = $1`, where `id:` says which name of the canary $1 is.
PgStatements query_statement(config::Reader& reader) {
  PgStatements statements;
  statements.read.sql = reader.text("query");
  const auto id = reader.word("id", kIds);
  if (!statements.read.empty() && statements.read.sql.find("$1") == std::string::npos) {
    reader.fault("query", "does not ask for one record",
                 "use $1 for the record's id: select note from canaries where id = $1");
  }
  statements.read.names = {"canary." + std::string(kIds[id.value_or(0)])};
  return statements;
}

void decode_what(config::Reader& reader, PostgresOptions& options) {
  if (!has_statements(reader)) {
    options.schema = reader.text("schema", options.schema);
    options.table = reader.text("table", options.table);
    options.create = reader.boolean("create", true);
    return;
  }
  options.statements = decode_statements(reader);
  reader.also_known({"schema", "table", "create"});
  for (const char* key : kManaged) {
    if (!reader.has(key)) continue;
    reader.fault(key, "belongs to the table that deadcalm manages, and there are statements of your own",
                 "leave out `" + std::string(key) + ":`, or plant, read, remove and find");
  }
}

}  // namespace

PgTarget decode_target(config::Reader& reader) {
  PgTarget target;
  reader.one_of({"dsn", "dsn_file"}, true);
  target.dsn = reader.secret_source("dsn").value_or(config::SecretSource{});
  target.tls = decode_tls(reader);
  target.policy = config::read_connection_policy(reader);
  check_tls(reader, target);
  return target;
}

PostgresOptions decode_postgres(config::Reader& reader) {
  PostgresOptions options;
  options.target = decode_target(reader);
  decode_what(reader, options);
  return options;
}

PostgresOptions decode_postgres_door(config::Reader& reader, config::Reader* write) {
  PostgresOptions options;
  options.target = decode_target(reader);
  if (reader.has("query") || write == nullptr) {
    options.statements = query_statement(reader);
    return options;
  }
  if (reader.has("id")) reader.fault("id", "is for `query:`, and there is none");
  reader.also_known({"id"});
  decode_what(*write, options);
  if (!options.statements) return options;
  PgStatements door;
  door.read = options.statements->read;
  options.statements = std::move(door);
  return options;
}

}  // namespace deadcalm::probes::postgres
