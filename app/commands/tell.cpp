#include <unistd.h>

#include <algorithm>

#include "alerting/incident_machine.h"
#include "app/commands/commands.h"
#include "runtime/clock.h"

namespace deadcalm::app {
namespace {

std::string who() {
  const char* user = std::getenv("SUDO_USER");
  if (user == nullptr) user = std::getenv("USER");
  return user != nullptr ? user : "user id " + std::to_string(::getuid());
}

bool known_service(const Configured& configured, const std::string& name, std::ostream& err) {
  std::vector<std::string> names;
  for (const auto& service : configured.options().services) names.push_back(service.name);
  if (std::ranges::find(names, name) != names.end()) return true;
  const std::string hint = config::did_you_mean(name, names);
  err << "deadcalm: no service \"" << name << "\"" << (hint.empty() ? "" : "; " + hint) << '\n';
  return false;
}

}  // namespace

// The rest of the file may be faulty or its secrets missing on this machine: only the store's path and
// the names of the services are needed.
int tell(const GlobalFlags& flags, model::Command command, std::ostream& out, std::ostream& err) {
  const auto configured = configure_file(flags.config_file, config::process_environment());
  if (!configured->loaded.options) {
    err << configured->loaded.faults.text();
    return kBadUsage;
  }
  if (!command.service.empty() && !known_service(*configured, command.service, err)) return kBadUsage;
  const runtime::SystemClock clock;
  command.at = clock.now().wall;
  if (command.until != model::WallTime{}) command.until = command.at + (command.until - model::WallTime{});
  command.author = who();
  if (const auto refused = alerting::refusal(command)) {
    err << "deadcalm: " << *refused << '\n';
    return kBadUsage;
  }
  const auto store = existing_store(*configured, err);
  if (!store) return kFailed;
  store::Batch batch;
  batch.commands = {command};
  const auto committed = store->commit(batch);
  if (!committed) {
    err << "deadcalm: " << committed.error().message << '\n';
    return kFailed;
  }
  out << "noted: " << model::name(command.kind) << ' '
      << (command.service.empty() ? "all services" : command.service)
      << "; a running deadcalm obeys within a second\n";
  return kDone;
}

}  // namespace deadcalm::app
