#pragma once
// What the headers of an answer say about caches on its way (RFC 9111 Age, RFC 9211 Cache-Status, and
// the vendors' own). Pure. Only stale_on_error is evidence of a failing origin; a hit proves nothing
// about freshness, and silence proves nothing at all.
#include <optional>
#include <string>

#include "model/observation.h"
#include "model/time.h"
#include "runtime/http_client.h"

namespace deadcalm::probes {

struct CacheEvidence {
  model::CacheClass kind = model::CacheClass::unknown;
  std::string header;                     // what decided: "X-Cache-Status: STALE"; empty for unknown
  std::optional<model::Millis> lifetime;  // s-maxage, else max-age
};

CacheEvidence cache_evidence(const runtime::Headers& headers);

}  // namespace deadcalm::probes
