#pragma once
// A server written for Node.js below tests/support/, with its npm packages: installed at run time by name
// and pinned version (package-lock.json) into the build folder, once.
#include <string>
#include <utility>
#include <vector>

#include "tests/support/process.h"

namespace deadcalm::tests {

class NodeServer {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  // `folder` is that of tests/support/ with server.mjs; PORT is added to its environment. Throws when
  // Node.js, a package or the server is not to be had: in CI a missing part is a failure.
  explicit NodeServer(std::string folder, Variables environment = {});

  void start();
  void kill() { process_.kill(); }  // SIGKILL
  void signal(int number) { process_.signal(number); }
  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::string home_;  // where it runs: a copy beside its packages
  Variables environment_;
  std::uint16_t port_;
  Process process_;
};

}  // namespace deadcalm::tests
