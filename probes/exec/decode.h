#pragma once
// The keys of `type: exec` (docs/backends/exec.md), as a write path and as a check or view.
#include "config/reader.h"
#include "probes/exec/exec_backend.h"
#include "probes/exec/plugin_check.h"

namespace deadcalm::probes::exec {

ExecOptions decode_exec(config::Reader& reader);
ViewPath decode_plugin_check(config::Reader& reader);

}  // namespace deadcalm::probes::exec
