#pragma once
// `check: exec` and `view: exec`: one command, with the exit statuses of monitoring plugins.
// 0 and 1 (warning) are a client that is served, 2 is one that is not, 3 and everything else say nothing.
#include "probes/exec/command_line.h"
#include "probes/view/view.h"

namespace deadcalm::probes::exec {

struct PluginCheckOptions {
  CommandLine command;
  Surroundings surroundings;
};

// What the end of a plugin tells: of clients, and in words for people. Pure.
struct PluginVerdict {
  model::Client client = model::Client::unknown;
  std::string detail;  // empty: all is well
};
PluginVerdict judge_plugin(const runtime::CommandAnswer& answer);

class PluginCheck final : public View {
 public:
  PluginCheck(ViewPlace place, PluginCheckOptions options, const ViewDeps& deps);

  // The newest token in what it prints is what clients see, as with `http`.
  net::awaitable<model::Observation> look() override;
  const std::string& name() const override { return place_.probe; }

 private:
  ViewPlace place_;
  PluginCheckOptions options_;
  runtime::Clock& clock_;
  std::string instance_;
  model::Secret canary_key_;
  runtime::CommandRunner runner_;
};

}  // namespace deadcalm::probes::exec
