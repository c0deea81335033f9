#pragma once
// The machine that configurations are loaded on in tests: no real variables, no real files.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "config/load.h"

namespace deadcalm::tests {

inline config::Environment machine() {
  config::Environment machine;
  machine.variables = {{"API_KEY", "key-0123456789"},
                       {"CANARY_KEY", "0123456789abcdef0123"},
                       {"PAGER", "pager"},
                       {"PD_KEY", "pd-4711"},
                       {"PORT", "8080"}};
  machine.read_file = [](const std::string& path) -> model::Result<std::string> {
    if (path == "/run/secrets/canary") return "fedcba9876543210fedc\n";
    if (path == "/run/secrets/pd") return "pd-from-file\r\n";
    if (path == "/run/secrets/empty") return "\n";
    if (path == "/etc/deadcalm/secrets/slack") return "https://hooks.example.com/T0/B0";
    return model::fail(model::ErrorKind::not_found, "No such file or directory");
  };
  machine.host_name = "test-host";
  return machine;
}

inline config::KnownTypes known_types() {
  return {.write = {"http", "graphql", "postgres", "appsync"},
          .view = {"http", "beacons", "websocket"},
          .check = {"http", "tcp", "heartbeat"},
          .traffic = {"prometheus", "sql"},
          .channels = {"pagerduty", "slack"}};
}

inline config::Loaded load(const std::string& text, const std::string& file = "deadcalm.yaml") {
  return config::load_text(text, file, machine(), known_types());
}

inline std::filesystem::path data_folder() {
  return std::filesystem::path(DEADCALM_SOURCE_DIR) / "tests/data/config";
}

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace deadcalm::tests
