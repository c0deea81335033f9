#pragma once
// The errors of S3 ("Error responses", Amazon S3 API Reference), and the little XML there is around them.
// Pure.
#include <string>
#include <string_view>
#include <vector>

#include "probes/backend.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::s3 {

// What stands between <name> and </name>, entities decoded: each one of them, in order. S3's answers have no
// attributes where this is asked.
std::vector<std::string> texts_of(std::string_view xml, std::string_view name);

std::string error_name(const runtime::HttpAnswer& answer);  // "NoSuchKey"; empty: none

StepFailure classify(const runtime::HttpAnswer& answer);  // of an answer that is no success

}  // namespace deadcalm::probes::s3
