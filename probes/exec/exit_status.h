#pragma once
// What the end of a command means, as failure classes. Pure. Statuses are those of sysexits.h, which many
// programs and mail systems use, and 3 is "unknown" as monitoring plugins say it.
#include <optional>
#include <string>

#include "probes/backend.h"
#include "runtime/command.h"

namespace deadcalm::probes::exec {

inline constexpr int kNotThere = 4;  // of a read or a removal: there is no such record

// nullopt: status 0.
std::optional<StepFailure> classify(const runtime::CommandAnswer& answer);

// The first line that says something, of what it printed or complained about.
std::string first_line(const std::string& text);

}  // namespace deadcalm::probes::exec
