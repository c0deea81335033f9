// Scans every #include "folder/..." of the product against the arrow table of docs/architecture.md.
// An arrow more needs a decision record in docs/adr/ and a change here.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Folders = std::set<std::string>;

const std::map<std::string, Folders> kArrows{
    {"model", {}},
    {"runtime", {"model"}},
    {"config", {"model"}},
    {"evaluator", {"model"}},
    {"store", {"model", "runtime"}},
    {"probes", {"model", "runtime", "config"}},
    {"monitor", {"model", "runtime", "evaluator", "probes", "store"}},
    {"alerting", {"model", "runtime", "config", "store"}},
    {"exporter", {"model", "runtime"}},
    {"server", {"model", "runtime", "store", "monitor", "exporter"}},
    {"demo", {"model", "runtime", "server"}},
    {"app",
     {"model", "runtime", "config", "evaluator", "store", "probes", "monitor", "alerting", "exporter",
      "server", "demo"}},
};

// Libraries that only their folders may name, so that each can be replaced in one place.
const std::map<std::string, Folders> kLibraryHomes{
    {"prometheus/", {"exporter"}},
    {"yaml-cpp/", {"config"}},
    {"SQLiteCpp/", {"store", "demo"}},
    {"curl/", {"runtime"}},
    {"libpq-fe.h", {"probes", "store"}},
    {"CLI/", {"app"}},
    {"hiredis/", {"probes"}},
    {"boost/beast/websocket", {"runtime"}},
};

struct Include {
  std::string file, target;
  int line;
};

std::string folder_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

std::vector<Include> includes_of(const std::string& folder, char open) {
  std::vector<Include> found;
  const fs::path root = DEADCALM_SOURCE_DIR;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".h" && path.extension() != ".cpp") continue;
    std::ifstream in(path);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      const std::string start = std::string("#include ") + open;
      if (!line.starts_with(start)) continue;
      const std::size_t end = line.find_first_of("\">", start.size());
      found.push_back(
          {fs::relative(path, root).string(), line.substr(start.size(), end - start.size()), number});
    }
  }
  return found;
}

std::string offences() {
  std::ostringstream text;
  for (const auto& [folder, allowed] : kArrows) {
    for (const Include& include : includes_of(folder, '"')) {
      const std::string target = folder_of(include.target);
      if (target == folder || allowed.contains(target)) continue;
      text << include.file << ':' << include.line << ": " << folder << " must not include " << include.target
           << '\n';
    }
    for (const Include& include : includes_of(folder, '<')) {
      for (const auto& [library, homes] : kLibraryHomes) {
        if (!include.target.starts_with(library) || homes.contains(folder)) continue;
        text << include.file << ':' << include.line << ": <" << include.target
             << "> belongs to another folder\n";
      }
    }
  }
  return text.str();
}

}  // namespace

TEST_CASE("folders include only along the arrows of the architecture") {
  std::size_t scanned = 0;
  for (const auto& [folder, allowed] : kArrows) scanned += includes_of(folder, '"').size();
  REQUIRE(scanned > 5);  // an empty scan would prove nothing
  CHECK(offences() == "");
}

TEST_CASE("the arrows have no cycle") {
  // Kahn's method: take away folders that point to nothing left.
  auto left = kArrows;
  while (!left.empty()) {
    std::string leaf;
    for (const auto& [folder, arrows] : left) {
      bool points = false;
      for (const std::string& target : arrows) points = points || left.contains(target);
      if (!points) leaf = folder;
    }
    REQUIRE_FALSE(leaf.empty());
    left.erase(leaf);
  }
}

TEST_CASE("no folder is a drawer for everything") {
  for (const char* name : {"util", "utils", "common", "base", "helpers", "misc"}) {
    CHECK_FALSE(fs::exists(fs::path(DEADCALM_SOURCE_DIR) / name));
  }
}
