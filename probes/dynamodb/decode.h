#pragma once
// The keys of `type: dynamodb` (docs/backends/dynamodb.md), as a write path and as a `read_from` door.
#include "config/reader.h"
#include "probes/dynamodb/dynamodb_backend.h"

namespace deadcalm::probes::dynamodb {

DynamoOptions decode_dynamodb(config::Reader& reader);
DynamoOptions decode_dynamodb_door(config::Reader& reader);  // read_from

}  // namespace deadcalm::probes::dynamodb
