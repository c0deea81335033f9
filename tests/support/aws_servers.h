#pragma once
// Real parts for the backends of AWS: dynalite and s3rver (npm), and a gate before them that checks
// signatures with botocore (python3-botocore).
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class AwsServers {
 public:
  AwsServers();  // starts both; throws when a part is missing

  std::uint16_t dynamodb() const { return port_; }
  std::uint16_t s3() const { return s3_port_; }  // with the bucket "canaries"
  void kill() { process_.kill(); }
  void start();

  // A gate on `port` before one of the two. `token`: the session token it wants, or none.
  Process gate(std::uint16_t port, std::uint16_t upstream, const std::string& key, const std::string& secret,
               const std::string& token = "") const;

  const std::string& home() const { return home_; }

 private:
  std::string home_;
  TempDir objects_;
  std::uint16_t port_, s3_port_;
  Process process_;
};

}  // namespace deadcalm::tests
