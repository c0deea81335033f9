#pragma once
// The keys of `type: appsync` (docs/backends/appsync.md).
#include "config/reader.h"
#include "probes/appsync/appsync_backend.h"

namespace deadcalm::probes::appsync {

AppsyncOptions decode_appsync(config::Reader& reader);

}  // namespace deadcalm::probes::appsync
