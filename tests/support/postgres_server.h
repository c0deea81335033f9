#pragma once
// A real PostgreSQL of the test's own.
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class PostgresServer {
 public:
  PostgresServer();  // initdb; throws when PostgreSQL is not installed: in CI a missing part is a failure
  // A streaming replica (pg_basebackup, standby.signal) of a server that runs.
  struct ReplicaOf {
    const PostgresServer& primary;
  };
  explicit PostgresServer(ReplicaOf of);

  // `settings`: more of postgresql.conf, "ssl=on".
  void start(const std::vector<std::string>& settings = {});
  void stop();  // SIGINT: fast shutdown
  void kill();  // SIGKILL to all of it
  std::string dsn(const std::string& user = "postgres") const;
  std::uint16_t port() const { return port_; }
  const TempDir& dir() const { return dir_; }
  void replace_hba(const std::string& lines) const;  // before start()
  void own(const std::string& file) const;           // gives a file to the user the server runs as

  // Runs statements as the superuser; throws with psql's words if they fail. Returns the unaligned output.
  std::string sql(const std::string& statements) const;

 private:
  struct Empty {};
  explicit PostgresServer(Empty);
  std::string local_dsn() const;

  TempDir dir_;
  std::uint16_t port_;
  Process server_;
};

}  // namespace deadcalm::tests
