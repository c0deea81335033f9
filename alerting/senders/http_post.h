#pragma once
// What the senders that speak HTTP share: one POST, and what its outcome means.
#include <functional>
#include <string>

#include "alerting/sender.h"
#include "runtime/http_client.h"

namespace deadcalm::alerting {

// Network faults: retry; ambiguous if the request had left. 429: retry, the channel held for Retry-After.
// 408, 425, 5xx: retry, ambiguous unless the receiver says it did nothing (503, 425). Anything else is
// the sender's to judge: `judge` sees 2xx, 3xx and other 4xx.
using Judge = std::function<SendResult(const runtime::HttpAnswer&)>;

net::awaitable<SendResult> post(runtime::HttpClient& client, runtime::HttpRequest request, Judge judge);

// A JSON POST with our User-Agent.
runtime::HttpRequest json_request(std::string url, std::string body);

// "404: no_service", for people; the body cut to one short line.
std::string answer_text(const runtime::HttpAnswer& answer);

}  // namespace deadcalm::alerting
