#pragma once
// A push server in memory: what is subscribed hears what the test pushes, with the faults such servers show.
#include <deque>
#include <list>
#include <string>

#include "runtime/clock.h"
#include "runtime/event.h"
#include "runtime/websocket.h"

namespace deadcalm::tests {

class ScriptedSocket;

struct PushServer {
  std::optional<runtime::WebSocketFailure> declines;  // every connection
  bool hangs = false;                                 // takes connections and never answers
  bool acknowledges = true;
  bool pongs = true;
  std::string refuses_with;  // in place of the acknowledgement: closes with 4401 and these words
  std::string subprotocol;
  std::list<ScriptedSocket*> open;
  std::size_t most_open = 0;
  int opened = 0;
  std::vector<runtime::WebSocketRequest> requests;
  std::vector<std::string> heard;

  void push(const std::string& text);
  void end(int code, const std::string& words);  // closes all
  void cut();                                    // all, without a word
};

class ScriptedSocket final : public runtime::WebSocket {
 public:
  explicit ScriptedSocket(PushServer& server) : server_(server) { server_.open.push_back(this); }
  ~ScriptedSocket() override { leave(); }
  ScriptedSocket(const ScriptedSocket&) = delete;
  ScriptedSocket& operator=(const ScriptedSocket&) = delete;

  net::awaitable<Message> receive() override {
    if (incoming_.empty()) {
      arrived_.reset();
      co_await arrived_.wait();
    }
    Message message = std::move(incoming_.front());
    incoming_.pop_front();
    co_return message;
  }
  void send(std::string text) override {
    server_.heard.push_back(text);
    if (!text.starts_with("SUB")) return;
    if (!server_.refuses_with.empty()) return fail(4401, server_.refuses_with);
    if (server_.acknowledges) take("ACK");
  }
  void ping() override {
    if (server_.pongs && on_pong_) on_pong_();
  }
  void when_pong(std::function<void()> callback) override { on_pong_ = std::move(callback); }
  void close() override { fail(1000, "bye"); }
  void cut() override { fail(0, ""); }
  const std::string& subprotocol() const override { return server_.subprotocol; }

  void take(std::string text) {
    incoming_.emplace_back(std::move(text));
    arrived_.set();
  }
  void fail(int code, const std::string& words) {
    runtime::WebSocketFailure failure;
    failure.fault = code == 0 ? runtime::WebSocketFault::broken : runtime::WebSocketFault::closed;
    failure.message = code == 0 ? "cut by the server" : "closed by the server, code " + std::to_string(code);
    if (!words.empty()) failure.message += ": " + words;
    failure.close_code = code;
    failure.close_words = words;
    incoming_.emplace_back(std::unexpected(std::move(failure)));
    arrived_.set();
    leave();
  }

 private:
  void leave() { server_.open.remove(this); }

  PushServer& server_;
  std::deque<Message> incoming_;
  runtime::Event arrived_;
  std::function<void()> on_pong_;
};

inline void PushServer::push(const std::string& text) {
  for (ScriptedSocket* socket : open) socket->take(text);
}
inline void PushServer::end(int code, const std::string& words) {
  for (ScriptedSocket* socket : std::list(open)) socket->fail(code, words);
}
inline void PushServer::cut() {
  for (ScriptedSocket* socket : std::list(open)) socket->fail(0, "");
}

class ScriptedOpener final : public runtime::WebSocketOpener {
 public:
  ScriptedOpener(PushServer& server, runtime::Clock& clock) : server_(server), clock_(clock) {}

  net::awaitable<Opened> open(runtime::WebSocketRequest request, model::SteadyTime deadline) override {
    server_.requests.push_back(request);
    runtime::WebSocketFailure failure;
    failure.fault = runtime::WebSocketFault::timeout;
    failure.message = "no answer to the upgrade in time";
    if (server_.hangs) {
      co_await clock_.sleep_until(deadline);
      co_return std::unexpected(failure);
    }
    if (server_.declines) co_return std::unexpected(*server_.declines);
    ++server_.opened;
    auto socket = std::make_unique<ScriptedSocket>(server_);
    server_.most_open = std::max(server_.most_open, server_.open.size());
    co_return socket;
  }

 private:
  PushServer& server_;
  runtime::Clock& clock_;
};

}  // namespace deadcalm::tests
