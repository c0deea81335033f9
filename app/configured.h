#pragma once
// The configuration with every type's own keys decoded: all that `check` looks at and `run` builds
// from. Making it has no side effects; faults of all types are collected with the loader's.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "alerting/registry.h"
#include "config/load.h"
#include "evaluator/policy.h"
#include "probes/registry.h"

namespace deadcalm::app {

struct ConfiguredWrite {
  config::ProbeOptions common;
  probes::WritePath path;
  model::Millis slow_after{0}, consistency{0};
};
struct ConfiguredView {
  config::ProbeOptions common;
  probes::ViewPath path;
};
struct ConfiguredTraffic {
  config::ProbeOptions common;
  probes::TrafficPath path;
};
struct ConfiguredService {
  std::string name;
  evaluator::Policy policy;  // stream names are filled in when the store is known
  std::vector<ConfiguredWrite> writes;
  std::vector<ConfiguredView> views;  // and after them the ordinary checks: they look alike from here on
  std::unique_ptr<ConfiguredTraffic> traffic;  // most services have none
};

struct ConfiguredChannel {
  std::string name, type;
  alerting::MakeSender make;
};

// Not movable: decoded parts refer to the loaded file.
struct Configured {
  config::Loaded loaded;
  std::vector<ConfiguredService> services;
  std::vector<ConfiguredChannel> channels;

  explicit Configured(config::Loaded file);
  Configured(const Configured&) = delete;
  Configured& operator=(const Configured&) = delete;

  bool ok() const { return loaded.ok(); }
  // Only where there is a tree of options, faulty or not: a caller that did not look has a bug.
  const config::Options& options() const {
    if (!loaded.options) throw std::logic_error("options of a configuration that could not be read");
    return *loaded.options;
  }
};

// Types that exist, for the loader.
config::KnownTypes known_types();

std::unique_ptr<Configured> configure_file(const std::string& file, const config::Environment& environment);
std::unique_ptr<Configured> configure_text(const std::string& text, const std::string& name,
                                           const config::Environment& environment);

}  // namespace deadcalm::app
