#pragma once
// One WebSocket from its opening to its end: connected, shown who we are, subscribed, watched. It keeps the
// newest of our own tokens that was pushed.
#include <memory>
#include <optional>
#include <string>

#include "model/credential.h"
#include "model/observation.h"
#include "model/secret.h"
#include "probes/http/credentials.h"
#include "probes/http/json_path.h"
#include "probes/view/websocket/protocol.h"
#include "runtime/clock.h"
#include "runtime/event.h"
#include "runtime/task_group.h"
#include "runtime/websocket.h"

namespace deadcalm::probes::websocket {

struct SessionOptions {
  runtime::Headers headers;  // of the upgrade
  std::size_t max_message_bytes = 1 << 20;
  std::string ca_file;  // PEM; empty: the system's store
  bool verify_tls = true;
  model::ConnectionPolicy policy{};
  std::optional<http::JsonPath> token;        // where in a push; absent: anywhere
  std::optional<model::Millis> keep_alive{};  // the longest silence, in place of the protocol's
};

struct SessionDeps {
  runtime::Clock& clock;
  runtime::WebSocketOpener& opener;
  net::any_io_executor executor;
  http::Credentials* credentials;  // may be null
  model::Secret canary_key;
  std::string instance;
};

struct SessionEnd {
  std::string step;  // "connect", "handshake", "subscribe", "keep-alive", "session"
  model::Write failure = model::Write::net;
  std::string words;
  int http_status = 0;
};

struct Arrival {
  model::SeenToken token;
  model::Instant at{};
};

// Loop thread only. stop() must have ended before it is destroyed.
class Session {
 public:
  Session(SessionOptions options, std::unique_ptr<Protocol> protocol, SessionDeps deps);

  // Connects and subscribes, by the deadline. Once.
  net::awaitable<void> open(model::SteadyTime deadline);
  // Asks the server for a sign of life. One that has ever given such a sign must give it again; of one that
  // never has, nothing follows.
  net::awaitable<void> prove(model::SteadyTime deadline);
  net::awaitable<void> stop();

  bool alive() const { return subscribed_at_ && !end_; }
  SessionEnd end() const { return end_.value_or(SessionEnd{}); }  // once it is not alive
  const std::optional<Arrival>& newest() const { return newest_; }
  model::Instant subscribed_at() const { return subscribed_at_.value_or(model::Instant{}); }
  model::Instant last_heard() const { return last_heard_; }
  // Shortly the server would no longer accept what it was shown, and there is something newer.
  bool credential_ends_soon() const;

 private:
  net::awaitable<bool> connect(model::SteadyTime deadline);
  net::awaitable<void> listen();
  net::awaitable<void> watch();
  void hear(const std::string& message);
  void take_push(const std::string& text);
  void finish(SessionEnd end);
  void note_life();
  std::string last_heard_text() const;

  SessionOptions options_;
  std::unique_ptr<Protocol> protocol_;
  SessionDeps deps_;
  Opening opening_;
  std::unique_ptr<runtime::WebSocket> socket_;
  model::Millis longest_silence_{0};
  model::Instant opened_at_{}, last_heard_{};
  std::optional<model::Instant> subscribed_at_;
  std::optional<model::CredentialExpiry> credential_;
  std::optional<SessionEnd> end_;
  std::optional<Arrival> newest_;
  bool acknowledged_ = false, answers_pings_ = false;
  runtime::Event changed_;  // acknowledged or ended
  runtime::Event alive_;    // heard anything, after prove() asked
  runtime::Event silent_;   // nothing comes any more
  runtime::TaskGroup tasks_;
};

}  // namespace deadcalm::probes::websocket
