#pragma once
// The keys that every backend of AWS shares (docs/backends/dynamodb.md, docs/backends/s3.md).
#include "config/reader.h"
#include "probes/aws/credentials.h"

namespace deadcalm::probes::aws {

CredentialOptions decode_credentials(config::Reader& reader);  // its key `credentials`
std::string decode_region(config::Reader& reader);             // `region`, else AWS_REGION

// `endpoint`, without a / at its end; empty: not given. Never one of the metadata addresses.
std::string decode_endpoint(config::Reader& reader);

// "https://dynamodb.eu-central-1.amazonaws.com"
std::string default_endpoint(const Service& service);

}  // namespace deadcalm::probes::aws
