#include "probes/view/websocket/protocol.h"

namespace deadcalm::probes::websocket {

Heard refused(model::Write failure, std::string words) {
  Heard heard;
  heard.meaning = Meaning::refused;
  heard.failure = failure;
  heard.text = std::move(words);
  return heard;
}

std::optional<model::Write> refusal_by_code(int close_code) {
  using model::Write;
  switch (close_code) {
    case 1002:  // protocol error
    case 1003:  // what we send is not accepted
    case 1007:  // not the data it should be
    case 1010: return Write::contract;
    case 1008: return Write::auth;      // policy violation
    case 1011: return Write::server;    // unexpected condition
    case 1013: return Write::throttle;  // try again later
    case 4401:
    case 4403: return Write::auth;
    case 4429: return Write::throttle;
    case 4408: return Write::net;  // our first message did not come in time
    case 4500: return Write::server;
    default: return close_code >= 4400 && close_code < 4500 ? std::optional(Write::contract) : std::nullopt;
  }
}

}  // namespace deadcalm::probes::websocket
