#include "probes/postgres/decode.h"

namespace deadcalm::probes::postgres {
namespace {

constexpr std::string_view kIds[] = {"id", "uuid", "int"};

void decode_dsn(config::Reader& reader, PostgresOptions& options) {
  reader.one_of({"dsn", "dsn_file"}, true);
  options.dsn = reader.secret_source("dsn").value_or(config::SecretSource{});
}

}  // namespace

PostgresOptions decode_postgres(config::Reader& reader) {
  PostgresOptions options;
  decode_dsn(reader, options);
  options.schema = reader.text("schema", options.schema);
  options.table = reader.text("table", options.table);
  options.create = reader.boolean("create", true);
  return options;
}

PostgresOptions decode_postgres_door(config::Reader& reader) {
  PostgresOptions options;
  decode_dsn(reader, options);
  options.query = reader.text("query");
  if (!options.query.empty() && options.query.find("$1") == std::string::npos) {
    reader.fault("query", "does not ask for one record",
                 "use $1 for the record's id: select note from canaries where id = $1");
  }
  const auto id = reader.word("id", kIds);
  options.name_for_query = "canary." + std::string(kIds[id.value_or(0)]);
  return options;
}

}  // namespace deadcalm::probes::postgres
