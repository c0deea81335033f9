#pragma once
// Is a text a URL that we can use? Pure.
#include <span>
#include <string>
#include <string_view>

namespace deadcalm::config {

// What is wrong with `url`, for a fault ("must start with https:// or http://"); empty: nothing.
// Looks at scheme, host and port only (a host that gives secrets to this machine is one too), and never
// repeats the URL: it may hold a secret.
std::string fault_in_url(std::string_view url, std::span<const std::string_view> schemes);

// The same for "host:port", "[::1]:port" or ":port" where an empty host is allowed.
std::string fault_in_host_port(std::string_view text, bool host_may_be_empty);

}  // namespace deadcalm::config
