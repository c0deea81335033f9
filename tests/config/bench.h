#pragma once
// One text to read with a Reader, and the faults that reading it led to.
#include <memory>

#include "config/reader.h"
#include "config/yaml.h"
#include "tests/config/surroundings.h"

namespace deadcalm::tests {

struct Bench {
  explicit Bench(std::string text)
      : source(std::make_shared<const config::Source>(config::Source{"f.yaml", std::move(text)})),
        faults(source),
        tree(config::parse_yaml(*source, faults).value()) {}

  config::Reader reader() { return {tree, context}; }
  std::string messages() const {
    std::string text;
    for (const config::Fault& fault : faults.list()) {
      text += (fault.warning ? "warning: " : "") + fault.path + ": " + fault.message + '\n';
    }
    return text;
  }

  std::shared_ptr<const config::Source> source;
  config::Faults faults;
  config::Node tree;
  config::Environment machine = tests::machine();
  std::vector<model::Secret> secrets;
  config::Context context{faults, machine, "/etc/deadcalm", secrets};
};

}  // namespace deadcalm::tests
