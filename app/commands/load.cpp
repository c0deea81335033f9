#include "app/commands/commands.h"
#include "runtime/log.h"

namespace deadcalm::app {

std::unique_ptr<Configured> load_or_tell(const GlobalFlags& flags, std::ostream& err) {
  auto configured = configure_file(flags.config_file, config::process_environment());
  err << configured->loaded.faults.text();
  if (configured->ok()) return configured;
  err << "deadcalm: " << flags.config_file << " cannot be used as it is\n";
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
