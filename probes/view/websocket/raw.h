#pragma once
// Whatever else is spoken on a WebSocket (RFC 6455): some messages to subscribe, one that acknowledges, and
// every other one may hold a token.
#include "probes/http/json_path.h"
#include "probes/view/websocket/protocol.h"

namespace deadcalm::probes::websocket {

struct RawSubscription {
  std::string url;
  std::vector<std::string> subprotocols;
  std::vector<std::string> send;
  std::string acknowledged_text;                    // contained in the acknowledgement; or
  std::optional<http::JsonPath> acknowledged_path;  // there in it
};

class Raw final : public Protocol {
 public:
  explicit Raw(RawSubscription subscription) : subscription_(std::move(subscription)) {}

  std::vector<runtime::HttpRequest> to_authorize() const override;
  Opening opening(std::vector<runtime::HttpRequest> authorized) override;
  Heard hear(std::string_view message) override;
  std::string waits_for() const override;

 private:
  bool acknowledges(std::string_view message) const;

  RawSubscription subscription_;
  bool acknowledged_ = false;
};

}  // namespace deadcalm::probes::websocket
