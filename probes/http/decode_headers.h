#pragma once
// The keys `headers` and `method`: what would break a request apart is a fault of the file (RFC 9110 §5.5,
// §9.1).
#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "config/template.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::http {

using HeaderTemplates = std::vector<std::pair<std::string, config::Template>>;

HeaderTemplates read_headers(config::Reader& reader, const config::RunTimeNames& names);
runtime::Headers read_headers(config::Reader& reader);  // without run-time names

std::string read_method(config::Reader& reader, const std::string& fallback);

}  // namespace deadcalm::probes::http
