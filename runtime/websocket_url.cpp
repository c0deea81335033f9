#include "runtime/websocket_url.h"

namespace deadcalm::runtime {

std::optional<WebSocketPlace> place_of(std::string_view url) {
  WebSocketPlace place;
  if (url.starts_with("wss://")) {
    place.tls = true;
  } else if (!url.starts_with("ws://")) {
    return std::nullopt;
  }
  url.remove_prefix(place.tls ? 6 : 5);
  url = url.substr(0, url.find('#'));
  const std::size_t path = url.find_first_of("/?");
  const std::string_view authority = url.substr(0, path);
  place.target = path == std::string_view::npos ? "/" : std::string(url.substr(path));
  if (place.target.starts_with('?')) place.target.insert(0, 1, '/');
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  place.host = std::string(authority.substr(0, colon));
  place.port =
      colon == std::string_view::npos ? (place.tls ? "443" : "80") : std::string(authority.substr(colon + 1));
  if (place.host.empty() || place.port.empty()) return std::nullopt;
  place.name = place.host + ':' + place.port;
  place.host_header = place.port == (place.tls ? "443" : "80") ? place.host : place.name;
  if (place.host.starts_with('[')) place.host = place.host.substr(1, place.host.size() - 2);
  return place;
}

}  // namespace deadcalm::runtime
