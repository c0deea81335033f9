#pragma once
// The errors of DynamoDB ("Error handling with DynamoDB", Amazon DynamoDB Developer Guide). Pure.
#include <string>

#include "probes/backend.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::dynamodb {

// "ResourceNotFoundException" of "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"; empty: none.
std::string error_name(const runtime::HttpAnswer& answer);

StepFailure classify(const runtime::HttpAnswer& answer);  // of an answer that is not 200

}  // namespace deadcalm::probes::dynamodb
