#include "probes/metadata_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>

namespace deadcalm::probes {
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

bool is_metadata(const in6_addr& v6) {
  constexpr std::array<unsigned char, 6> ec2{0xfd, 0x00, 0x0e, 0xc2, 0, 0};
  if (IN6_IS_ADDR_LINKLOCAL(&v6) || std::memcmp(v6.s6_addr, ec2.data(), ec2.size()) == 0) return true;
  if (!IN6_IS_ADDR_V4MAPPED(&v6) && !IN6_IS_ADDR_V4COMPAT(&v6)) return false;
  std::uint32_t v4 = 0;
  std::memcpy(&v4, v6.s6_addr + 12, sizeof v4);
  return is_metadata(ntohl(v4));
}

}  // namespace

bool is_metadata_address(std::string_view host) {
  std::string name(host);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  name = name.substr(0, name.find('%'));  // the zone of a link-local address
  if (name.ends_with('.')) name.pop_back();
  if (std::ranges::find(kNames, name) != std::end(kNames)) return true;
  in_addr v4{};
  if (inet_aton(name.c_str(), &v4) != 0) return is_metadata(ntohl(v4.s_addr));
  in6_addr v6{};
  return inet_pton(AF_INET6, name.c_str(), &v6) == 1 && is_metadata(v6);
}

}  // namespace deadcalm::probes
