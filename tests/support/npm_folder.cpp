#include "tests/support/npm_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/support/process.h"

namespace deadcalm::tests {

namespace fs = std::filesystem;

std::string text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string npm_folder(const std::string& name) {
  const fs::path source = fs::path(DEADCALM_SOURCE_DIR) / "tests/support" / name;
  const fs::path home = fs::path(DEADCALM_BINARY_DIR) / "npm" / name;
  fs::create_directories(home);
  fs::copy(source, home, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  const std::string lock = text_of_file((source / "package-lock.json").string());
  const fs::path stamp = home / "installed";                       // npm takes seconds and the network
  if (text_of_file(stamp.string()) == lock) return home.string();  // also of a folder without packages
  const std::string log = (home / "npm.log").string();
  const int status = run_command(
      {"npm", "ci", "--prefix", home.string(), "--ignore-scripts", "--no-audit", "--no-fund"}, log);
  if (status != 0)
    throw std::runtime_error("npm ci failed (apt-get install nodejs npm): " + text_of_file(log));
  std::ofstream(stamp, std::ios::binary) << lock;
  return home.string();
}

}  // namespace deadcalm::tests
