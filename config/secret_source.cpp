#include "config/secret_source.h"

#include "config/expand.h"

namespace deadcalm::config {

bool SecretSource::can_change() const {
  return !file.empty() || text.find("${file:") != std::string::npos;
}

model::Result<model::Secret> SecretSource::read_again(const Environment& environment) const {
  if (!file.empty()) {
    auto now = read_secret_file(file, environment);
    if (!now) return model::fail(now.error().kind, "cannot read " + file + ": " + now.error().message);
    return model::Secret{*std::move(now)};
  }
  const Expanded now = expand(text, no_names(), environment, base_dir);
  if (!now.problems.empty()) return model::fail(model::ErrorKind::unavailable, now.problems.front().message);
  return model::Secret{now.text.literal()};
}

}  // namespace deadcalm::config
