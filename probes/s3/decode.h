#pragma once
// The keys of `type: s3` (docs/backends/s3.md).
#include "config/reader.h"
#include "probes/s3/s3_backend.h"

namespace deadcalm::probes::s3 {

S3Options decode_s3(config::Reader& reader);

}  // namespace deadcalm::probes::s3
