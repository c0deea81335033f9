#include "tests/support/aws_servers.h"

#include <stdexcept>

#include "tests/support/npm_folder.h"

namespace deadcalm::tests {

AwsServers::AwsServers() : home_(npm_folder("aws")), port_(free_port()), s3_port_(free_port()) {
  start();
}

void AwsServers::start() {
  process_ = Process({"env", "PORT=" + std::to_string(port_), "S3_PORT=" + std::to_string(s3_port_),
                      "DIRECTORY=" + objects_.path().string(), "node", home_ + "/server.mjs"},
                     home_ + "/server.log");
  if (!wait_for_port(port_) || !wait_for_port(s3_port_))
    throw std::runtime_error("server.mjs did not start: " + text_of_file(home_ + "/server.log"));
}

Process AwsServers::gate(std::uint16_t port, std::uint16_t upstream, const std::string& key,
                         const std::string& secret, const std::string& token) const {
  Process gate({"env", "KEY=" + key, "SECRET=" + secret, "TOKEN=" + token, "python3", home_ + "/gate.py",
                std::to_string(port), std::to_string(upstream)},
               home_ + "/gate.log");
  if (!wait_for_port(port))
    throw std::runtime_error("gate.py did not start (apt-get install python3-botocore): " +
                             text_of_file(home_ + "/gate.log"));
  return gate;
}

}  // namespace deadcalm::tests
