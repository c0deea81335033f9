#pragma once
// A request to PostgREST as a statement with parameters, as far as a probe goes. Columns are taken as text.
#include <expected>
#include <string>
#include <vector>

#include "server/http_server.h"

namespace deadcalm::tests {

struct PostgrestQuery {
  std::string table;  // quoted, with its schema
  std::string sql;
  std::vector<std::string> values;
  std::vector<std::string> columns;  // of the answer
};

// The error is what PostgREST would say of a query it does not understand.
std::expected<PostgrestQuery, std::string> parse_postgrest(const server::Request& request);

// docs.postgrest.org/en/v14/references/errors.html, "HTTP status codes".
int postgrest_status(const std::string& sqlstate, bool signed_in);

}  // namespace deadcalm::tests
