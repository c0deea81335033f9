#include "tests/support/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace deadcalm::tests {
namespace {

constexpr const char* kBin = "/usr/lib/postgresql/15/bin/";

// PostgreSQL refuses to run as root.
std::vector<std::string> as_postgres(std::vector<std::string> words) {
  if (::getuid() != 0) return words;
  std::vector<std::string> out{"setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

PostgresServer::PostgresServer(Empty) : port_(free_port()) {
  if (!std::filesystem::exists(std::string(kBin) + "initdb")) {
    throw std::runtime_error("PostgreSQL 15 is not installed (apt-get install postgresql-15)");
  }
  own(dir_.path());
}

PostgresServer::PostgresServer() : PostgresServer(Empty{}) {
  const int made = run_command(as_postgres({std::string(kBin) + "initdb", "-D", dir_.file("data"), "-A",
                                            "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8"}),
                               "");
  if (made != 0) throw std::runtime_error("initdb failed");
}

PostgresServer::PostgresServer(ReplicaOf of) : PostgresServer(Empty{}) {
  const int made =
      run_command(as_postgres({std::string(kBin) + "pg_basebackup", "-D", dir_.file("data"), "-h",
                               "127.0.0.1", "-p", std::to_string(of.primary.port()), "-U", "postgres", "-R",
                               "-X", "stream", "--checkpoint=fast", "--no-sync"}),
                  "");
  if (made != 0) throw std::runtime_error("pg_basebackup failed");
}

void PostgresServer::own(const std::string& file) const {
  if (::getuid() != 0) return;
  const passwd* owner = ::getpwnam("postgres");
  if (owner == nullptr || ::chown(file.c_str(), owner->pw_uid, owner->pw_gid) != 0)
    throw std::runtime_error("there is no user postgres to run the server as");
}

void PostgresServer::replace_hba(const std::string& lines) const {
  std::ofstream(dir_.file("data/pg_hba.conf")) << lines;
}

void PostgresServer::start(const std::vector<std::string>& settings) {
  std::vector<std::string> words{std::string(kBin) + "postgres",
                                 "-D",
                                 dir_.file("data"),
                                 "-p",
                                 std::to_string(port_),
                                 "-c",
                                 "listen_addresses=127.0.0.1",
                                 "-c",
                                 "unix_socket_directories=" + dir_.path().string(),
                                 "-c",
                                 "fsync=off"};
  for (const std::string& setting : settings) words.insert(words.end(), {"-c", setting});
  server_ = Process(as_postgres(words), "/tmp/deadcalm-test-postgres.log");
  if (!wait_for_port(port_)) throw std::runtime_error("PostgreSQL did not start");
  for (int i = 0; i < 200; ++i) {  // the port opens before it is ready
    if (run_command({"psql", "-d", local_dsn(), "-c", "select 1"}) == 0) return;
  }
  throw std::runtime_error("PostgreSQL does not answer");
}

void PostgresServer::stop() {
  server_.signal(SIGINT);
  server_.wait();
}

void PostgresServer::kill() {
  server_.kill();
}

// Through its own socket: whatever TLS and pg_hba.conf ask of others.
std::string PostgresServer::local_dsn() const {
  return "host=" + dir_.path().string() + " port=" + std::to_string(port_) + " user=postgres dbname=postgres";
}

std::string PostgresServer::dsn(const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=" + user + " dbname=postgres";
}

std::string PostgresServer::sql(const std::string& statements) const {
  const TempDir out;
  // Writes also where the default was made read-only.
  const int status =
      run_command({"psql", "-d", local_dsn() + " options='-c default_transaction_read_only=off'", "-v",
                   "ON_ERROR_STOP=1", "-qAt", "-c", statements},
                  out.file("psql"));
  std::string text = text_of(out.file("psql"));
  if (status != 0) throw std::runtime_error("psql: " + text);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace deadcalm::tests
