#pragma once
// A ws:// or wss:// URL taken apart. Pure.
#include <optional>
#include <string>
#include <string_view>

namespace deadcalm::runtime {

struct WebSocketPlace {
  bool tls = false;
  std::string host, port, target;  // host without brackets, target with the query
  std::string name;                // "api.example.com:443", for people
  std::string host_header;         // without the scheme's own port
};

// nullopt: another scheme, or no host.
std::optional<WebSocketPlace> place_of(std::string_view url);

}  // namespace deadcalm::runtime
