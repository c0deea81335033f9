#pragma once
// Phoenix channels, serializer 1.0.0 (hexdocs.pm, Phoenix.Socket), and what Supabase Realtime puts into them
// (Supabase documentation, "Realtime Protocol"): changes of a table arrive only after the server has said
// "Subscribed to PostgreSQL" as well, which can be long after it let us join.
#include <boost/json/object.hpp>

#include "probes/view/websocket/protocol.h"

namespace deadcalm::probes::websocket {

struct PhoenixSubscription {
  std::string url;          // .../websocket
  std::string channel;      // the topic
  std::string join = "{}";  // JSON, of phx_join
  std::string table;        // of PostgreSQL; empty: whatever comes on the channel
  std::string schema = "public", event = "*", filter;
};

class Phoenix final : public Protocol {
 public:
  // `api_key` goes into the URL, as the clients of Supabase send it; empty: none.
  Phoenix(PhoenixSubscription subscription, std::string api_key)
      : subscription_(std::move(subscription)), api_key_(std::move(api_key)) {}

  std::vector<runtime::HttpRequest> to_authorize() const override;
  Opening opening(std::vector<runtime::HttpRequest> authorized) override;
  Heard hear(std::string_view text) override;
  std::string heartbeat() override;
  std::string waits_for() const override;

 private:
  Heard hear_reply(const boost::json::object& payload, const std::string& reference);
  Heard hear_system(const boost::json::object& payload) const;

  PhoenixSubscription subscription_;
  std::string api_key_;
  bool joined_ = false;
  int beats_ = 0;
};

}  // namespace deadcalm::probes::websocket
