#pragma once
// The addresses at which clouds give secrets to the machines that ask. Never a probe's target: a probe's
// answers reach logs, pages and status.
#include <string_view>

namespace deadcalm::probes {

// `host` as in a URL: a name or an address in any spelling that a resolver takes (0xa9fea9fe, 2852039166,
// [::ffff:169.254.169.254]). Looks at the text alone and resolves nothing. Pure.
bool is_metadata_address(std::string_view host);

}  // namespace deadcalm::probes
