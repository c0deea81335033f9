#include "alerting/senders/http_post.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace deadcalm::alerting {
namespace {

using model::Millis;

constexpr Millis kLongestWait = std::chrono::hours{1};  // of what a receiver may ask for

// Seconds, or a date (RFC 9110, 10.2.3), which counts from the answer's own Date: clocks differ.
std::optional<Millis> retry_after(const runtime::HttpAnswer& answer) {
  const std::string* text = answer.header("retry-after");
  if (text == nullptr) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (ec != std::errc{} || end == text->data()) {
    const std::string* date = answer.header("date");
    std::tm then{}, now{};
    constexpr const char* kFormat = "%a, %d %b %Y %H:%M:%S GMT";
    if (date == nullptr || strptime(text->c_str(), kFormat, &then) == nullptr ||
        strptime(date->c_str(), kFormat, &now) == nullptr) {
      return std::nullopt;
    }
    seconds = timegm(&then) - timegm(&now);
  }
  return std::clamp(Millis{std::chrono::seconds{std::min<std::int64_t>(seconds, 86'400)}}, Millis{0},
                    kLongestWait);
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
    Retry retry{answer_text(*answer), !did_nothing, retry_after(*answer), busy};
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
