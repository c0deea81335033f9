#pragma once
// What is in the backends themselves, as `deadcalm ledger SERVICE --find` shows it.
#include <ostream>

#include "app/build_plan.h"

namespace deadcalm::app {

// Asks each backend of the service for every record whose token has the mac of our key. Those of other
// instances are told, and never touched. Returns an exit code.
int find_records(const Configured& configured, const ConfiguredService& service, const Remembered& remembered,
                 std::ostream& out);

}  // namespace deadcalm::app
