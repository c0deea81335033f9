#include "probes/exec/decode.h"

namespace deadcalm::probes::exec {
namespace {

// A command that must be there; empty after a fault.
CommandLine needed(config::Reader& reader, std::string_view key, const Surroundings& surroundings,
                   const config::RunTimeNames& names) {
  if (!reader.has(key))
    reader.fault(key, "the command `" + std::string(key) + ":` is missing",
                 "like " + std::string(key) + ": [/usr/local/bin/canary, " + std::string(key) + ']');
  return decode_command(reader, key, surroundings, names).value_or(CommandLine{});
}

}  // namespace

ExecOptions decode_exec(config::Reader& reader) {
  ExecOptions options;
  options.surroundings = decode_surroundings(reader);
  const config::RunTimeNames names = config::canary_names();
  options.plant = needed(reader, "plant", options.surroundings, names);
  options.read = needed(reader, "read", options.surroundings, names);
  options.remove = needed(reader, "remove", options.surroundings, names);
  options.find = decode_command(reader, "find", options.surroundings, names);
  return options;
}

ViewPath decode_plugin_check(config::Reader& reader) {
  PluginCheckOptions options;
  options.surroundings = decode_surroundings(reader);
  options.command = needed(reader, "command", options.surroundings, config::no_names());
  const std::string words = in_words(options.command);
  return {words, [options = std::move(options)](ViewPlace place, const ViewDeps& deps) {
            return std::make_unique<PluginCheck>(std::move(place), options, deps);
          }};
}

}  // namespace deadcalm::probes::exec
