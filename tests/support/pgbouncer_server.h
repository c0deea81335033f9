#pragma once
// A real PgBouncer in front of a PostgreSQL.
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class PgBouncerServer {
 public:
  // `pool_mode`: session, transaction or statement. `settings`: more lines of its [pgbouncer] section.
  // Database "postgres" leads to `server_port`. Throws when PgBouncer is not installed.
  PgBouncerServer(std::uint16_t server_port, const std::string& pool_mode, const std::string& settings = "");

  std::string dsn(const std::string& database = "postgres", const std::string& user = "postgres") const;

 private:
  TempDir dir_;
  std::uint16_t port_;
  Process server_;
};

}  // namespace deadcalm::tests
