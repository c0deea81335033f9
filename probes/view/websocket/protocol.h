#pragma once
// What is spoken on a WebSocket that pushes changes: how to open, what an incoming message means. Pure, one
// object a session: it says what to send, and sends nothing itself.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/names.h"
#include "model/time.h"
#include "probes/backend.h"
#include "runtime/http_client.h"
#include "runtime/websocket.h"

namespace deadcalm::probes::websocket {

enum class Meaning {
  ignored,       // nothing for us
  alive,         // a keep-alive, an answer to our own
  acknowledged,  // we are subscribed: what changes from now on is pushed
  pushed,        // a change; `text` holds it
  refused,       // `failure` and `text`: the server's own words. The session is over
};

struct Heard {
  Meaning meaning = Meaning::ignored;
  std::string text;
  model::Write failure = model::Write::server;   // refused only
  std::vector<std::string> send;                 // to send in answer, in this order
  std::optional<model::Millis> longest_silence;  // where the server tells how long it may be silent
};

Heard refused(model::Write failure, std::string words);

// How a session starts.
struct Opening {
  runtime::WebSocketRequest request;  // without what every request of ours has in common
  std::string subprotocol;            // the server must choose it; empty: any
  std::vector<std::string> send;      // once it is open
  bool acknowledged = false;          // there is no acknowledgement to wait for
  model::Millis settle{0};            // subscribed when so long nothing was refused
  model::Millis heartbeat_every{0};   // 0: none of ours
  model::Millis longest_silence{0};   // of the server; 0: it may be silent
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  // Requests that are never sent: what credentials add to each shows who we are. `opening` takes them back.
  virtual std::vector<runtime::HttpRequest> to_authorize() const = 0;
  virtual Opening opening(std::vector<runtime::HttpRequest> authorized) = 0;
  virtual Heard hear(std::string_view text) = 0;
  virtual std::string heartbeat() { return {}; }  // empty: a ping of the WebSocket itself
  virtual std::string waits_for() const = 0;      // for people, until we are subscribed: "connection_ack"
};

using MakeProtocol = std::function<std::unique_ptr<Protocol>()>;

// Who closes a session with this code says so; the codes 4400 to 4499 speak as HTTP does (graphql-ws,
// PROTOCOL.md; many others do the same). nullopt: it merely ended.
std::optional<model::Write> refusal_by_code(int close_code);

}  // namespace deadcalm::probes::websocket

template <>
struct deadcalm::model::Names<deadcalm::probes::websocket::Meaning> {
  static constexpr std::array<std::string_view, 5> values{"ignored", "alive", "acknowledged", "pushed",
                                                          "refused"};
};
