#include "tests/support/aws_servers.h"

#include <stdexcept>

namespace deadcalm::tests {

std::string aws_script(const std::string& name) {
  return std::string(DEADCALM_SOURCE_DIR) + "/tests/support/aws/" + name;
}

AwsServers::AwsServers()
    : s3_port_(free_port()),
      server_("aws", {{"S3_PORT", std::to_string(s3_port_)}, {"DIRECTORY", objects_.path().string()}}) {
  start();
}

Process AwsServers::gate(std::uint16_t port, std::uint16_t upstream, const std::string& key,
                         const std::string& secret, const std::string& token) {
  Process gate({"env", "PYTHONDONTWRITEBYTECODE=1", "KEY=" + key, "SECRET=" + secret, "TOKEN=" + token,
                "python3", aws_script("gate.py"), std::to_string(port), std::to_string(upstream)},
               "");
  if (!wait_for_port(port)) throw std::runtime_error("no gate (apt-get install python3-botocore)");
  return gate;
}

}  // namespace deadcalm::tests
