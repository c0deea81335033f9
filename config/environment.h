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

  std::string host_name = "localhost";  // default name of the site
  bool in_container = false;            // default store path is then /data/deadcalm.db
};

// This process's own: its variables, files of at most 1 MiB, the host's name, and whether this is a
// container (/.dockerenv, /run/.containerenv or KUBERNETES_SERVICE_HOST).
Environment process_environment();

}  // namespace deadcalm::config
