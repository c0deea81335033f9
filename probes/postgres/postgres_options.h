#pragma once
// What the keys of `type: postgres` come to.
#include <optional>
#include <string>

#include "probes/postgres/dsn.h"
#include "probes/postgres/statement.h"

namespace deadcalm::probes::postgres {

// Statements of the user's. A door has `read` only.
struct PgStatements {
  Statement plant, read, remove, find;  // find may be empty
  bool server_assigns_ids = false;      // the plant's RETURNING is the record's id
  std::string remove_table;             // as the remove writes it, to ask about its row-level security
  std::vector<std::string> grants;      // as far as known
};

struct PostgresOptions {
  PgTarget target;
  std::string schema = "deadcalm";
  std::string table = "canaries";
  bool create = true;  // may we create schema and table?
  std::optional<PgStatements> statements;
};

}  // namespace deadcalm::probes::postgres
