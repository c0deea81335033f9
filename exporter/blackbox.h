#pragma once
// /probe?service=NAME: the names that rules for blackbox_exporter already use, about the last looks. On
// their own path, so that an existing `probe_success == 0` never fires twice.
#include <string>

#include "model/status.h"

namespace deadcalm::exporter {

// probe_success is left out while we do not know. With `debug`, the last look in words, as comments.
std::string blackbox_page(const model::ServiceStatus& service, bool debug);

}  // namespace deadcalm::exporter
