#pragma once
// What decoding needs besides the tree: where faults go, what the machine offers, and which values
// are to be masked. Refers to all of these; they must outlive it and every Reader made with it.
#include <string>
#include <vector>

#include "config/environment.h"
#include "config/faults.h"
#include "model/secret.h"

namespace deadcalm::config {

class Context {
 public:
  // Relative file names in the configuration start at `base_dir`.
  Context(Faults& faults, const Environment& environment, std::string base_dir,
          std::vector<model::Secret>& secrets)
      : faults_(faults), environment_(environment), base_dir_(std::move(base_dir)), secrets_(secrets) {}

  Faults& faults() { return faults_; }
  const Environment& environment() const { return environment_; }
  const std::string& base_dir() const { return base_dir_; }

  // Masks `value` in faults and, through Loaded::secrets, in logs. Values below 4 bytes are not
  // masked: that would garble every line and hide nothing.
  void remember(const std::string& value);

 private:
  Faults& faults_;
  const Environment& environment_;
  std::string base_dir_;
  std::vector<model::Secret>& secrets_;
};

}  // namespace deadcalm::config
