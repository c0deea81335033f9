#pragma once
// GraphQL over WebSocket, subprotocol graphql-transport-ws (enisdenjo/graphql-ws, PROTOCOL.md): Apollo
// Server, GraphQL Yoga, Hasura, Hot Chocolate and others. Nothing acknowledges a subscription: it holds when
// the server has not refused it for a moment.
#include "probes/view/websocket/protocol.h"

namespace deadcalm::probes::websocket {

// Where the server looks for who we are, beside the headers of the upgrade.
enum class ShownIn {
  payload,          // of connection_init: {"Authorization": "Bearer ..."}
  payload_headers,  // the same below "headers" (Hasura)
  upgrade,          // nowhere else
};

struct GraphqlSubscription {
  std::string url;
  std::string query;
  std::string variables = "{}";  // JSON, as is the next one
  std::string payload = "{}";    // of connection_init
  ShownIn shown_in = ShownIn::payload;
};

class GraphqlTransport final : public Protocol {
 public:
  explicit GraphqlTransport(GraphqlSubscription subscription) : subscription_(std::move(subscription)) {}

  std::vector<runtime::HttpRequest> to_authorize() const override;
  Opening opening(std::vector<runtime::HttpRequest> authorized) override;
  Heard hear(std::string_view text) override;
  std::string heartbeat() override { return R"({"type":"ping"})"; }
  std::string waits_for() const override { return "connection_ack"; }

 private:
  GraphqlSubscription subscription_;
};

}  // namespace deadcalm::probes::websocket

template <>
struct deadcalm::model::Names<deadcalm::probes::websocket::ShownIn> {
  static constexpr std::array<std::string_view, 3> values{"payload", "payload_headers", "upgrade"};
};
