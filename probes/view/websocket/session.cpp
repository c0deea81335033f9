#include "probes/view/websocket/session.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "model/duration.h"
#include "model/token.h"
#include "probes/http/classify.h"
#include "probes/view/websocket/messages.h"

namespace deadcalm::probes::websocket {
namespace {

using model::Millis;
using runtime::WebSocketFault;

constexpr Millis kGoodBye{500};

SessionEnd end_of(const runtime::WebSocketFailure& failure) {
  SessionEnd end{"session", model::Write::net, failure.message, 0};
  switch (failure.fault) {
    case WebSocketFault::dns:
    case WebSocketFault::connect:
    case WebSocketFault::tls: end.step = "connect"; break;
    case WebSocketFault::declined: {
      const StepFailure declined = http::classify_status(failure.answer, false);
      end = {"handshake", declined.failure, declined.detail, failure.answer.status};
      if (failure.answer.status == 200) end.words = "HTTP 200 instead of a WebSocket";
      break;
    }
    case WebSocketFault::closed:
      end.failure = refusal_by_code(failure.close_code).value_or(model::Write::net);
      break;
    case WebSocketFault::too_large:
    case WebSocketFault::bad_request: end.failure = model::Write::contract; break;
    case WebSocketFault::own: end.failure = model::Write::unknown; break;
    default: break;
  }
  return end;
}

}  // namespace

Session::Session(SessionOptions options, std::unique_ptr<Protocol> protocol, SessionDeps deps)
    : options_(std::move(options)),
      protocol_(std::move(protocol)),
      deps_(std::move(deps)),
      tasks_(deps_.executor, nullptr) {}

// Shows who we are and opens the socket; false: ended.
net::awaitable<bool> Session::connect(model::SteadyTime deadline) {
  std::vector<runtime::HttpRequest> authorized = protocol_->to_authorize();
  for (runtime::HttpRequest& request : authorized) {
    if (deps_.credentials == nullptr) break;
    const auto shown = co_await deps_.credentials->authorize(request, deadline);
    if (shown) continue;
    finish({"authorize", shown.error().failure, shown.error().detail, 0});
    co_return false;
  }
  if (deps_.credentials != nullptr) credential_ = deps_.credentials->expiry();
  opening_ = protocol_->opening(std::move(authorized));
  runtime::WebSocketRequest& request = opening_.request;
  request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
  request.headers.emplace_back("User-Agent", "deadcalm/" DEADCALM_VERSION);
  request.headers.emplace_back("Deadcalm-Canary", deps_.instance);
  request.max_message_bytes = options_.max_message_bytes;
  request.ca_file = options_.ca_file;
  request.verify_tls = options_.verify_tls;
  request.policy = options_.policy;
  runtime::WebSocketOpener::Opened opened = co_await deps_.opener.open(request, deadline);
  if (!opened) {
    SessionEnd end = end_of(opened.error());
    if (end.step == "session") end.step = "handshake";
    finish(std::move(end));
    co_return false;
  }
  socket_ = std::move(*opened);
  if (opening_.subprotocol.empty() || socket_->subprotocol() == opening_.subprotocol) co_return true;
  finish(
      {"handshake", model::Write::contract,
       "the server chose " +
           (socket_->subprotocol().empty() ? "no subprotocol" : '"' + excerpt(socket_->subprotocol()) + '"') +
           ", not " + opening_.subprotocol,
       101});
  co_return false;
}

net::awaitable<void> Session::open(model::SteadyTime deadline) {
  opened_at_ = last_heard_ = deps_.clock.now();
  if (!co_await connect(deadline)) co_return;
  note_life();
  longest_silence_ = options_.keep_alive.value_or(opening_.longest_silence);
  socket_->when_pong([this] {
    answers_pings_ = true;
    note_life();
  });
  tasks_.spawn("listen", listen());
  for (std::string& text : opening_.send) socket_->send(std::move(text));
  if (opening_.acknowledged) acknowledged_ = true;
  if (!acknowledged_ && !end_) co_await deps_.clock.wait(changed_, deadline);
  if (!acknowledged_ && !end_) {
    finish({"subscribe", model::Write::net, "connected, but no " + protocol_->waits_for() + " in time", 101});
  }
  // What refuses a subscription late ends the wait.
  if (!end_ && opening_.settle > Millis{0}) {
    changed_.reset();
    co_await deps_.clock.wait(changed_, std::min(deadline, deps_.clock.now().steady + opening_.settle));
  }
  if (end_) co_return;
  subscribed_at_ = deps_.clock.now();
  if (longest_silence_ > Millis{0} || opening_.heartbeat_every > Millis{0}) tasks_.spawn("watch", watch());
}

net::awaitable<void> Session::prove(model::SteadyTime deadline) {
  if (!alive()) co_return;
  alive_.reset();
  socket_->ping();
  if (!answers_pings_) co_return;
  const Millis waited = deadline - deps_.clock.now().steady;
  co_await deps_.clock.wait(alive_, deadline);
  if (alive_.is_set() || end_) co_return;
  finish({"keep-alive", model::Write::net,
          "no answer to a ping within " + model::for_people(waited) + last_heard_text(), 101});
}

net::awaitable<void> Session::stop() {
  if (socket_ && !end_) {
    end_ = SessionEnd{"session", model::Write::net, "ended by us", 101};
    socket_->close();
    co_await deps_.clock.wait(silent_, deps_.clock.now().steady + kGoodBye);
  }
  if (socket_) socket_->cut();
  tasks_.stop();
  co_await tasks_.join();
}

net::awaitable<void> Session::listen() {
  while (!silent_.is_set()) {
    const runtime::WebSocket::Message message = co_await socket_->receive();
    if (message && !end_) {
      note_life();
      hear(*message);
    } else if (!message) {
      SessionEnd end = end_of(message.error());
      if (!acknowledged_) {
        end.step = "subscribe";
        end.words = "while we waited for " + protocol_->waits_for() + ": " + end.words;
      }
      finish(std::move(end));
      silent_.set();
    }
  }
}

void Session::hear(const std::string& message) {
  Heard heard = protocol_->hear(message);
  for (std::string& text : heard.send) socket_->send(std::move(text));
  if (heard.longest_silence && !options_.keep_alive) longest_silence_ = *heard.longest_silence;
  if (heard.meaning == Meaning::acknowledged) {
    acknowledged_ = true;
    changed_.set();
  }
  if (heard.meaning == Meaning::pushed) take_push(heard.text);
  if (heard.meaning == Meaning::refused)
    finish({subscribed_at_ ? "session" : "subscribe", heard.failure, std::move(heard.text), 101});
}

void Session::take_push(const std::string& text) {
  std::string place = text;
  if (options_.token) {
    boost::json::error_code ec;
    const boost::json::value document = boost::json::parse(text, ec);
    const boost::json::value* found = ec ? nullptr : options_.token->find(document);
    if (found == nullptr) return;
    place = boost::json::serialize(*found);
  }
  for (const model::Token& token : model::find_tokens(place, deps_.canary_key)) {
    if (newest_ && newest_->token.written >= token.written) continue;
    newest_ = Arrival{{token.stream, token.seq, token.written}, deps_.clock.now()};
  }
}

net::awaitable<void> Session::watch() {
  model::SteadyTime beat = deps_.clock.now().steady + opening_.heartbeat_every;
  while (!end_) {
    const bool beats = opening_.heartbeat_every > Millis{0};
    model::SteadyTime next = model::SteadyTime::max();
    if (beats) next = beat;
    if (longest_silence_ > Millis{0}) next = std::min(next, last_heard_.steady + longest_silence_);
    co_await deps_.clock.sleep_until(next);
    const model::SteadyTime now = deps_.clock.now().steady;
    if (longest_silence_ > Millis{0} && now >= last_heard_.steady + longest_silence_) {
      co_return finish({"keep-alive", model::Write::net, "no keep-alive" + last_heard_text(), 101});
    }
    if (!beats || now < beat) continue;
    std::string text = protocol_->heartbeat();
    text.empty() ? socket_->ping() : socket_->send(std::move(text));
    beat = now + opening_.heartbeat_every;
  }
}

void Session::finish(SessionEnd end) {
  if (end_) return;
  end_ = std::move(end);
  if (socket_) socket_->cut();
  changed_.set();
  alive_.set();
}

void Session::note_life() {
  last_heard_ = deps_.clock.now();
  alive_.set();
}

std::string Session::last_heard_text() const {
  return ", heard nothing for " + model::for_people(deps_.clock.now().steady - last_heard_.steady);
}

bool Session::credential_ends_soon() const {
  if (!credential_ || !credential_->renews) return false;
  return deps_.clock.now().wall >= opened_at_.wall + (credential_->at - opened_at_.wall) * 4 / 5;
}

}  // namespace deadcalm::probes::websocket
