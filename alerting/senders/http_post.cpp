#include "alerting/senders/http_post.h"

#include <algorithm>

#include "runtime/retry_after.h"

namespace deadcalm::alerting {
namespace {

using model::Millis;

constexpr Millis kLongestWait = std::chrono::hours{1};  // of what a receiver may ask for

std::optional<Millis> held_for(const runtime::HttpAnswer& answer) {
  const auto asked = runtime::retry_after(answer);
  return asked ? std::optional(std::min(*asked, kLongestWait)) : std::nullopt;
}

SendResult from_failure(const runtime::HttpFailure& failure) {
  if (failure.fault == runtime::HttpFault::bad_request) return Rejected{failure.message};
  return Retry{failure.message, failure.request_sent, {}, false};
}

}  // namespace

net::awaitable<SendResult> post(runtime::HttpClient& client, runtime::HttpRequest request, Judge judge) {
  const auto answer = co_await client.fetch(std::move(request));
  if (!answer) co_return from_failure(answer.error());
  const int status = answer->status;
  const bool busy = status == 429;
  if (busy || status == 408 || status == 425 || status >= 500) {
    const bool did_nothing = busy || status == 503 || status == 425;
    Retry retry{answer_text(*answer), !did_nothing, held_for(*answer), busy};
    co_return retry;
  }
  co_return judge(*answer);
}

runtime::HttpRequest json_request(std::string url, std::string body) {
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "deadcalm/" DEADCALM_VERSION}};
  request.body = std::move(body);
  request.timeout = std::chrono::seconds{10};
  request.max_body_bytes = 64 << 10;
  return request;
}

std::string answer_text(const runtime::HttpAnswer& answer) {
  std::string text = std::to_string(answer.status);
  std::string line = answer.body.substr(0, answer.body.find_first_of("\r\n"));
  if (!line.empty()) text += ": " + shortened(std::move(line), 200);
  return text;
}

}  // namespace deadcalm::alerting
