#include <unistd.h>

#include "app/commands/commands.h"
#include "runtime/log.h"
#include "store/sqlite/sqlite_store.h"

namespace deadcalm::app {

std::unique_ptr<Configured> load_or_tell(const GlobalFlags& flags, std::ostream& err) {
  auto configured = configure_file(flags.config_file, config::process_environment());
  err << configured->loaded.faults.text();
  if (configured->ok()) return configured;
  err << "deadcalm: " << flags.config_file << " cannot be used as it is\n";
  return nullptr;
}

std::unique_ptr<store::Store> existing_store(const Configured& configured, std::ostream& err) {
  const std::string& path = configured.options().store.path;
  if (::access(path.c_str(), F_OK) != 0) {
    err << "deadcalm: there is no store at " << path
        << ": has `deadcalm run` ever run with this configuration?\n";
    return nullptr;
  }
  auto store = store::open_sqlite(path);
  if (store) return *std::move(store);
  err << "deadcalm: " << store.error().message << '\n';
  return nullptr;
}

void apply_log_flags(const GlobalFlags& flags, const config::Options& options) {
  const std::string level =
      flags.log_level.empty() ? std::string(model::name(options.log.level)) : flags.log_level;
  const std::string format =
      flags.log_format.empty() ? std::string(model::name(options.log.format)) : flags.log_format;
  runtime::configure_log(level, format == "json" ? runtime::LogFormat::json : runtime::LogFormat::text);
}

}  // namespace deadcalm::app
