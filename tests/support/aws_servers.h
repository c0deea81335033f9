#pragma once
// Real parts for the backends of AWS: dynalite and s3rver (npm), and a gate before them that checks
// signatures with botocore (python3-botocore).
#include <string>

#include "tests/support/node_server.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class AwsServers {
 public:
  AwsServers();  // starts both; throws when a part is missing

  std::uint16_t dynamodb() const { return server_.port(); }
  std::uint16_t s3() const { return s3_port_; }  // with the bucket "canaries"
  void kill() { server_.kill(); }
  void start() { server_.start(); }

  // A gate on `port` before one of the two. `token`: the session token it wants, or none.
  static Process gate(std::uint16_t port, std::uint16_t upstream, const std::string& key,
                      const std::string& secret, const std::string& token = "");

 private:
  TempDir objects_;
  std::uint16_t s3_port_;
  NodeServer server_;
};

// A script of tests/support/aws/.
std::string aws_script(const std::string& name);

}  // namespace deadcalm::tests
