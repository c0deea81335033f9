#include "probes/view/websocket/raw.h"

#include <boost/json/parse.hpp>

namespace deadcalm::probes::websocket {
namespace {

constexpr model::Millis kHeartbeat{25'000};  // proxies cut what is silent for a minute

}  // namespace

std::vector<runtime::HttpRequest> Raw::to_authorize() const {
  runtime::HttpRequest upgrade;
  upgrade.url = "http" + subscription_.url.substr(2);
  return {std::move(upgrade)};
}

Opening Raw::opening(std::vector<runtime::HttpRequest> authorized) {
  Opening opening;
  opening.request.url = subscription_.url;
  opening.request.subprotocols = subscription_.subprotocols;
  opening.request.headers = std::move(authorized.at(0).headers);
  opening.send = subscription_.send;
  acknowledged_ = subscription_.acknowledged_text.empty() && !subscription_.acknowledged_path;
  opening.acknowledged = acknowledged_;
  opening.heartbeat_every = kHeartbeat;
  return opening;
}

bool Raw::acknowledges(std::string_view message) const {
  if (!subscription_.acknowledged_path)
    return message.find(subscription_.acknowledged_text) != std::string_view::npos;
  boost::json::error_code ec;
  const boost::json::value document = boost::json::parse({message.data(), message.size()}, ec);
  return !ec && subscription_.acknowledged_path->find(document) != nullptr;
}

Heard Raw::hear(std::string_view message) {
  Heard heard;
  if (!acknowledged_ && acknowledges(message)) {
    acknowledged_ = true;
    heard.meaning = Meaning::acknowledged;
  } else {
    heard.meaning = Meaning::pushed;
    heard.text = std::string(message);
  }
  return heard;
}

std::string Raw::waits_for() const {
  if (subscription_.acknowledged_path) return "message with " + subscription_.acknowledged_path->text();
  return "message with \"" + subscription_.acknowledged_text + '"';
}

}  // namespace deadcalm::probes::websocket
