#pragma once
// The keys of `type: graphql` (docs/backends/graphql.md).
#include "config/reader.h"
#include "probes/graphql/graphql_backend.h"

namespace deadcalm::probes::graphql {

GraphqlOptions decode_graphql(config::Reader& reader);

// Keys that other types over GraphQL share: url, headers, auth, tls, max_body_bytes.
CallerOptions decode_caller(config::Reader& reader);

}  // namespace deadcalm::probes::graphql
