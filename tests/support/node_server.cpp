#include "tests/support/node_server.h"

#include <stdexcept>

#include "tests/support/npm_folder.h"

namespace deadcalm::tests {

NodeServer::NodeServer(std::string folder, Variables environment)
    : home_(npm_folder(folder)), environment_(std::move(environment)), port_(free_port()) {}

void NodeServer::start() {
  std::vector<std::string> words{"env", "PORT=" + std::to_string(port_)};
  for (const auto& [name, value] : environment_) words.push_back(name + '=' + value);
  words.emplace_back("node");
  words.push_back(home_ + "/server.mjs");
  process_ = Process(words, home_ + "/server.log");
  if (!wait_for_port(port_))
    throw std::runtime_error("server.mjs did not start: " + text_of_file(home_ + "/server.log"));
}

}  // namespace deadcalm::tests
