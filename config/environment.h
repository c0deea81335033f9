#pragma once
// Everything a configuration may ask of the machine it is read on. Passed in, so that a test decides
// what is there and loading has no side effects.
#include <functional>
#include <map>
#include <string>

#include "model/error.h"

namespace deadcalm::config {

struct Environment {
  std::map<std::string, std::string, std::less<>> variables;

  // The whole file; errors say why not. An empty function means: there are no files.
  std::function<model::Result<std::string>(const std::string& path)> read_file;

  // Is this a file that we may run? An empty function means: there are no programs.
  std::function<bool(const std::string& path)> is_program;

  std::string host_name = "localhost";  // default name of the site
  bool in_container = false;            // default store path is then /data/deadcalm.db
};

// What errno says of a file that does not open. Refused, it names the user who asked: in a container that is
// seldom the one who owns the mounted file.
std::string why_unreadable(int error);

// This process's own: its variables, files of at most 1 MiB, the host's name, and whether this is a
// container (/.dockerenv, /run/.containerenv, KUBERNETES_SERVICE_HOST, or `container`, which our image and
// some engines set: a read-only root with a fresh /run hides the files).
Environment process_environment();

}  // namespace deadcalm::config
