#include "model/connection_policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>

namespace deadcalm::model {
namespace {

constexpr std::string_view kNames[] = {"metadata",      "metadata.google.internal",
                                       "metadata.goog", "metadata.azure.internal",
                                       "instance-data", "instance-data.ec2.internal"};

constexpr std::uint32_t kLinkLocal = 0xA9FE0000;   // 169.254.0.0/16: all of it is for the machine itself
constexpr std::uint32_t kOthers[] = {0x646464C8,   // 100.100.100.200, Alibaba
                                     0xC00000C0};  // 192.0.0.192, Oracle

bool is_metadata(std::uint32_t v4) {
  return (v4 & 0xFFFF0000) == kLinkLocal || std::ranges::find(kOthers, v4) != std::end(kOthers);
}

// The IPv4 address that an IPv6 one stands for; 0 if none.
std::uint32_t v4_inside(const in6_addr& v6) {
  if (!IN6_IS_ADDR_V4MAPPED(&v6) && !IN6_IS_ADDR_V4COMPAT(&v6)) return 0;
  std::uint32_t v4 = 0;
  std::memcpy(&v4, v6.s6_addr + 12, sizeof v4);
  return ntohl(v4);
}

bool is_metadata(const in6_addr& v6) {
  constexpr std::array<unsigned char, 6> ec2{0xfd, 0x00, 0x0e, 0xc2, 0, 0};
  if (IN6_IS_ADDR_LINKLOCAL(&v6) || std::memcmp(v6.s6_addr, ec2.data(), ec2.size()) == 0) return true;
  return is_metadata(v4_inside(v6));
}

struct Range {
  std::uint32_t first;
  int bits;
};
constexpr Range kPrivate[] = {
    {0x00000000, 8},   // 0.0.0.0/8, this host
    {0x0A000000, 8},   // 10.0.0.0/8
    {0x64400000, 10},  // 100.64.0.0/10, shared by carriers
    {0x7F000000, 8},   // 127.0.0.0/8, loopback
    {0xA9FE0000, 16},  // 169.254.0.0/16, link-local
    {0xAC100000, 12},  // 172.16.0.0/12
    {0xC0A80000, 16},  // 192.168.0.0/16
};

bool is_private(std::uint32_t v4) {
  return std::ranges::any_of(kPrivate, [v4](const Range& range) {
    return (v4 >> (32 - range.bits)) == (range.first >> (32 - range.bits));
  });
}

bool is_private(const in6_addr& v6) {
  if (IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6)) return true;
  if ((v6.s6_addr[0] & 0xFE) == 0xFC) return true;  // fc00::/7, unique local
  const std::uint32_t v4 = v4_inside(v6);
  return v4 != 0 && is_private(v4);
}

std::string without_zone(std::string_view address) {
  return std::string(address.substr(0, address.find('%')));
}

}  // namespace

bool is_metadata_address(std::string_view host) {
  std::string name(host);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  name = without_zone(name);
  if (name.ends_with('.')) name.pop_back();
  if (std::ranges::find(kNames, name) != std::end(kNames)) return true;
  in_addr v4{};
  if (inet_aton(name.c_str(), &v4) != 0) return is_metadata(ntohl(v4.s_addr));
  in6_addr v6{};
  return inet_pton(AF_INET6, name.c_str(), &v6) == 1 && is_metadata(v6);
}

bool is_private_address(std::string_view address) {
  const std::string text = without_zone(address);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_private(ntohl(v4.s_addr));
  in6_addr v6{};
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && is_private(v6);
}

std::string refusal(const ConnectionPolicy& policy, std::string_view address) {
  if (!policy.allow_metadata && is_metadata_address(address))
    return std::string(address) + " is an address that gives secrets to this machine: never a target";
  if (!policy.allow_private && is_private_address(address))
    return std::string(address) + " is a private address, and allow_private is false";
  return {};
}

}  // namespace deadcalm::model
