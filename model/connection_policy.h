#pragma once
// Where a probe may connect to. Decided on the resolved address, at each connection: a name can change its
// address between the check and the use (DNS rebinding).
#include <string>
#include <string_view>

namespace deadcalm::model {

struct ConnectionPolicy {
  bool allow_private = true;    // addresses that are not of the public internet
  bool allow_metadata = false;  // only for who fetches the machine's own credentials
};

// The addresses at which clouds give secrets to the machines that ask. Never a probe's target: a probe's
// answers reach logs, pages and status. `host` as in a URL: a name or an address in any spelling that a
// resolver takes (0xa9fea9fe, 2852039166, [::ffff:169.254.169.254]). Looks at the text alone. Pure.
bool is_metadata_address(std::string_view host);

// Loopback, RFC 1918, RFC 6598 (shared), link-local, RFC 4193 (unique local), the unspecified ones, and
// IPv4 of these kinds inside IPv6. `address` in numbers. Pure.
bool is_private_address(std::string_view address);

// Why nothing may connect to this address (in numbers), for people; empty: it may.
std::string refusal(const ConnectionPolicy& policy, std::string_view address);

}  // namespace deadcalm::model
