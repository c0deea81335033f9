#pragma once
// Where a secret comes from, so that it can be read again when a backend refuses it: keys are
// rotated by replacing their file, and nobody restarts a monitor for that.
#include <string>

#include "config/environment.h"
#include "model/error.h"
#include "model/secret.h"

namespace deadcalm::config {

struct SecretSource {
  model::Secret value;   // as read at load time
  std::string text;      // `password:` as written, references not filled in; empty with `file`
  std::string file;      // `password_file:`, resolved
  std::string base_dir;  // for ${file:...} in text

  bool can_change() const;  // it comes from a file; the environment of a process never changes

  // The secret as it is now. Blocks on the file system.
  model::Result<model::Secret> read_again(const Environment& environment) const;
};

}  // namespace deadcalm::config
