#pragma once
// The keys of `type: http` (docs/configuration.md): the short form with `resource`, the long form with
// a map a step.
#include "config/reader.h"
#include "probes/http/http_backend.h"

namespace deadcalm::probes::http {

HttpOptions decode_http(config::Reader& reader);

// Parts that other HTTP-speaking types share.
// A plain value means equals; a map holds operators, one or several.
std::vector<Condition> decode_conditions(const config::Node& node, config::Context& context);
Auth decode_auth_keys(config::Reader& keys);   // its keys bearer, basic, header
Expect decode_expect(config::Reader& reader);  // its key `expect`
void decode_tls(config::Reader& reader, std::string& ca_file, bool& verify);  // its key `tls`
RequesterOptions decode_requests(config::Reader& reader,
                                 std::int64_t usual_body = 1 << 20);  // `tls` and `max_body_bytes`

}  // namespace deadcalm::probes::http
