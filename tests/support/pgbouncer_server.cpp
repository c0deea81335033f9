#include "tests/support/pgbouncer_server.h"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace deadcalm::tests {

PgBouncerServer::PgBouncerServer(std::uint16_t server_port, const std::string& pool_mode,
                                 const std::string& settings)
    : port_(free_port()) {
  if (!std::filesystem::exists("/usr/sbin/pgbouncer"))
    throw std::runtime_error("PgBouncer is not installed (apt-get install pgbouncer)");
  const std::string server = "host=127.0.0.1 port=" + std::to_string(server_port);
  std::ofstream(dir_.file("pgbouncer.ini"))
      << "[databases]\npostgres = " << server << " dbname=postgres\nmissing = " << server
      << " dbname=missing\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
      << "\nauth_type = trust\nauth_file = " << dir_.file("users") << "\npool_mode = " << pool_mode
      << "\nserver_login_retry = 1\nunix_socket_dir =\n"
      << settings << '\n';
  std::ofstream(dir_.file("users")) << "\"postgres\" \"\"\n\"stranger\" \"\"\n";
  std::vector<std::string> words;
  if (::getuid() == 0) {  // it refuses to run as root
    const passwd* owner = ::getpwnam("postgres");
    if (owner == nullptr || ::chown(dir_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0)
      throw std::runtime_error("there is no user postgres to run PgBouncer as");
    words = {"setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"};
  }
  words.insert(words.end(), {"/usr/sbin/pgbouncer", dir_.file("pgbouncer.ini")});
  const std::string log = dir_.file("pgbouncer.log");
  server_ = Process(words, log);
  if (wait_for_port(port_)) return;
  std::ifstream in(log);
  throw std::runtime_error("PgBouncer did not start: " + std::string(std::istreambuf_iterator<char>(in), {}));
}

std::string PgBouncerServer::dsn(const std::string& database, const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=" + user + " dbname=" + database;
}

}  // namespace deadcalm::tests
