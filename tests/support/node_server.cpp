#include "tests/support/node_server.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace deadcalm::tests {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// npm ci takes seconds and the network, so it runs only when the pinned versions have changed.
void install_packages(const fs::path& home, const std::string& lock) {
  const fs::path stamp = home / "installed.lock";
  if (text_of(stamp) == lock) return;
  const std::string log = (home / "npm.log").string();
  const int made = run_command({"npm", "ci", "--prefix", home.string(), "--ignore-scripts", "--no-audit",
                                "--no-fund", "--loglevel=error"},
                               log);
  if (made != 0) throw std::runtime_error("npm ci failed (apt-get install nodejs npm): " + text_of(log));
  std::ofstream(stamp, std::ios::binary) << lock;
}

}  // namespace

NodeServer::NodeServer(std::string folder, Variables environment)
    : environment_(std::move(environment)), port_(free_port()) {
  const fs::path source = fs::path(DEADCALM_SOURCE_DIR) / "tests/support" / folder;
  const fs::path home = fs::path(DEADCALM_BINARY_DIR) / "node" / folder;
  fs::create_directories(home);
  fs::copy(source, home, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  if (const std::string lock = text_of(source / "package-lock.json"); !lock.empty())
    install_packages(home, lock);
  home_ = home.string();
}

void NodeServer::start() {
  std::vector<std::string> words{"env", "PORT=" + std::to_string(port_)};
  for (const auto& [name, value] : environment_) words.push_back(name + '=' + value);
  words.emplace_back("node");
  words.push_back(home_ + "/server.mjs");
  process_ = Process(words, home_ + "/server.log");
  if (!wait_for_port(port_))
    throw std::runtime_error("server.mjs did not start: " + text_of(home_ + "/server.log"));
}

}  // namespace deadcalm::tests
