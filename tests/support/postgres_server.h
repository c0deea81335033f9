#pragma once
// A real PostgreSQL of the test's own.
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class PostgresServer {
 public:
  PostgresServer();  // initdb; throws when PostgreSQL is not installed: in CI a missing part is a failure

  void start();
  void stop();  // SIGINT: fast shutdown
  void kill();  // SIGKILL to all of it
  std::string dsn(const std::string& user = "postgres") const;
  std::uint16_t port() const { return port_; }

  // Runs statements as the superuser; throws with psql's words if they fail. Returns the unaligned output.
  std::string sql(const std::string& statements) const;

 private:
  TempDir dir_;
  std::uint16_t port_;
  Process server_;
};

}  // namespace deadcalm::tests
