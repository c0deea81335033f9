#pragma once
// Decodes one probe's YAML as the loader would, for tests of a single type.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/context.h"
#include "config/faults.h"
#include "config/reader.h"
#include "config/yaml.h"

namespace deadcalm::tests {

// The faults' text; empty when there are none.
inline std::string decode_yaml(const std::string& text, const config::Environment& environment,
                               const std::function<void(config::Reader&)>& decode) {
  const auto source = std::make_shared<const config::Source>(config::Source{"test.yaml", text});
  config::Faults faults(source);
  std::vector<model::Secret> secrets;
  config::Context context(faults, environment, ".", secrets);
  const auto root = config::parse_yaml(*source, faults);
  if (root) {
    config::Reader reader(*root, context);
    reader.also_known({"type", "name", "interval", "timeout"});
    decode(reader);
  }
  return faults.any() ? faults.text() : "";
}

}  // namespace deadcalm::tests
