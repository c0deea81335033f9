#pragma once
// From a file to Options, with everything that is wrong found in one pass.
//
//   Loaded loaded = load_file("deadcalm.yaml", process_environment(), types);
//   Context context = loaded.context();                 // probes and senders decode their own keys
//   for (... : loaded.options->services ...) decode_http(probe.reader(context));
//   if (!loaded.ok()) { print(loaded.faults.text()); return; }
//
// `options` is there whenever the text is a YAML map, also with faults, so that the types can add
// theirs; faulty places hold defaults then. Nothing may run on it unless ok().
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/context.h"
#include "config/decode.h"
#include "config/environment.h"
#include "config/faults.h"
#include "config/options.h"
#include "model/secret.h"

namespace deadcalm::config {

struct Loaded {
  std::optional<Options> options;
  Faults faults;
  std::vector<model::Secret> secrets;  // to be masked wherever text leaves the process
  Environment environment;
  std::string base_dir;  // of the file; relative names in it start here

  bool ok() const { return options.has_value() && !faults.any(); }

  // For decoding on. Refers to this object, which must stay where it is.
  Context context() { return {faults, environment, base_dir, secrets}; }
};

// `file` names the text in faults, and its folder is where relative names start.
Loaded load_text(std::string text, const std::string& file, const Environment& environment,
                 const KnownTypes& types);

// A file that cannot be read is a fault as any other.
Loaded load_file(const std::string& file, const Environment& environment, const KnownTypes& types);

}  // namespace deadcalm::config
