#pragma once
// What /metrics says of each service, family by family.
#include <vector>

#include "exporter/text_page.h"
#include "model/status.h"

namespace deadcalm::exporter {

void write_service_families(const std::vector<model::ServiceStatus>& services, TextPage& page);

}  // namespace deadcalm::exporter
