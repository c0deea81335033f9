#pragma once
// The kinds of channels that exist, as a table: adding one is its folder below senders/, one row in
// registry.cpp, its page in docs/configuration.md and a row in the contract tests.
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "alerting/sender.h"
#include "config/reader.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"

namespace deadcalm::alerting {

// What senders may use; all outlive them.
struct SenderDeps {
  runtime::HttpClient& client;  // of its own: pages never wait behind probes
  std::ostream& out;            // of console channels
};

using MakeSender = std::function<std::unique_ptr<Sender>(const SenderDeps&)>;

// Decodes a channel's own keys and finishes the reader; faults go to its context. The result may only
// be called when there are none. `type` is one of channel_types().
MakeSender decode_channel(const std::string& type, config::Reader& reader);

std::vector<std::string> channel_types();

}  // namespace deadcalm::alerting
