#include "config/environment.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace deadcalm::config {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;  // secrets are small; a log or a disk is not one

model::Result<std::string> read_small_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return model::fail(model::ErrorKind::bad_input, "it is a directory");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return model::fail(model::ErrorKind::not_found, why_unreadable(errno));
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return model::fail(model::ErrorKind::unavailable, "it cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxBytes) return model::fail(model::ErrorKind::bad_input, "it is larger than 1 MiB");
  return text;
}

bool may_be_run(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string why_unreadable(int error) {
  std::string why = std::strerror(error);
  if (error != EACCES) return why;
  return why + " for user id " + std::to_string(::geteuid()) + ", as which deadcalm runs";
}

Environment process_environment() {
  Environment here;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    here.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  here.read_file = read_small_file;
  here.is_program = may_be_run;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0') here.host_name = name.data();
  std::error_code error;
  here.in_container =
      std::filesystem::exists("/.dockerenv", error) || std::filesystem::exists("/run/.containerenv", error) ||
      here.variables.contains("KUBERNETES_SERVICE_HOST") || here.variables.contains("container");
  return here;
}

}  // namespace deadcalm::config
