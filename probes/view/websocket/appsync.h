#pragma once
// AWS AppSync's real-time protocol (AWS AppSync Developer Guide, "Building a real-time WebSocket client";
// what the Amplify client sends). Who we are goes along twice: as a subprotocol of the upgrade, and with the
// subscription.
#include "config/value.h"
#include "probes/view/websocket/protocol.h"

namespace deadcalm::probes::websocket {

struct AppsyncSubscription {
  std::string url;           // of the API over HTTP: https://<id>.appsync-api.<region>.amazonaws.com/graphql
  std::string realtime_url;  // ws or wss
  std::string query;
  std::string variables = "{}";  // JSON
};

// Where the API of `url` pushes: the host of its own for AWS names, else `/realtime` behind the path.
std::string appsync_realtime_url(const std::string& url);

class Appsync final : public Protocol {
 public:
  explicit Appsync(AppsyncSubscription subscription) : subscription_(std::move(subscription)) {}

  std::vector<runtime::HttpRequest> to_authorize() const override;
  Opening opening(std::vector<runtime::HttpRequest> authorized) override;
  Heard hear(std::string_view text) override;
  std::string waits_for() const override { return connected_ ? "start_ack" : "connection_ack"; }

 private:
  AppsyncSubscription subscription_;
  std::string start_;
  bool connected_ = false;
};

}  // namespace deadcalm::probes::websocket
