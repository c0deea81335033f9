#include "config/url.h"

#include <algorithm>
#include <charconv>

#include "model/connection_policy.h"

namespace deadcalm::config {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr const char* kMetadata = "an address that gives secrets to this machine is never a target";

bool is_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 0 && port <= 65535 &&
         text.size() <= 5;
}

bool has_space_or_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

// Splits at the port's colon, the last one outside brackets; port is empty if there is none.
struct HostPort {
  std::string_view host, port;
  bool has_port = false;
};
HostPort split(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  if (colon == kNone || (bracket != kNone && colon < bracket)) return {text, {}, false};
  return {text.substr(0, colon), text.substr(colon + 1), true};
}

// 1:2:3 could be an address or a port at its end: only brackets tell.
bool needs_brackets(std::string_view host) {
  return !host.starts_with('[') && host.find(':') != kNone;
}

std::string listed(std::span<const std::string_view> schemes) {
  std::string text;
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    if (i > 0) text += i + 1 == schemes.size() ? " or " : ", ";
    text.append(schemes[i]).append("://");
  }
  return text;
}

}  // namespace

std::string fault_in_url(std::string_view url, std::span<const std::string_view> schemes) {
  const std::size_t colon = url.find("://");
  if (colon == kNone || std::ranges::find(schemes, url.substr(0, colon)) == schemes.end()) {
    return "must start with " + listed(schemes);
  }
  if (has_space_or_control(url)) return "a URL cannot contain spaces";
  std::string_view authority = url.substr(colon + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const std::size_t at = authority.rfind('@'); at != kNone) authority.remove_prefix(at + 1);
  const auto [host, port, has_port] = split(authority);
  if (host.empty()) return "names no host";
  if (needs_brackets(host)) return "an IPv6 address must be in brackets: [::1]";
  if (has_port && !is_port(port)) return "the port must be a number up to 65535";
  if (model::is_metadata_address(host)) return kMetadata;
  return {};
}

std::string fault_in_host_port(std::string_view text, bool host_may_be_empty) {
  if (has_space_or_control(text)) return "cannot contain spaces";
  const auto [host, port, has_port] = split(text);
  if (!has_port || port.empty()) return "must be host:port";
  if (host.empty() && !host_may_be_empty) return "names no host";
  if (needs_brackets(host)) return "an IPv6 address must be in brackets: [::1]";
  if (!is_port(port)) return "the port must be a number up to 65535";
  if (model::is_metadata_address(host)) return kMetadata;
  return {};
}

}  // namespace deadcalm::config
