#pragma once
// A real Redis of the test's own.
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class RedisServer {
 public:
  // `options` as on the command line. With TLS it speaks nothing else, under a certificate for 127.0.0.1 made
  // on the spot. Throws when Redis is not installed: in CI a missing part is a failure.
  explicit RedisServer(std::vector<std::string> options = {}, bool tls = false);

  void start();
  void kill() { server_.kill(); }
  void signal(int number) { server_.signal(number); }
  std::uint16_t port() const { return port_; }
  std::string url() const;
  std::string ca_file() const { return dir_.file("cert.pem"); }

  // Runs one command as the default user; what redis-cli prints.
  std::string cli(std::vector<std::string> command) const;

 private:
  TempDir dir_;
  std::vector<std::string> options_;
  bool tls_;
  std::uint16_t port_;
  Process server_;
};

}  // namespace deadcalm::tests
