#include "probes/traffic/http_question.h"

#include "probes/http/classify.h"
#include "probes/http/decode.h"
#include "runtime/log.h"

namespace deadcalm::probes::traffic {

QuestionOptions decode_question(config::Reader& reader) {
  QuestionOptions options;
  options.headers = reader.text_map("headers");
  options.auth = http::decode_auth(reader);
  options.requests = http::decode_requests(reader);
  return options;
}

HttpQuestion::HttpQuestion(QuestionOptions options, const BackendDeps& deps)
    : options_(std::move(options)),
      environment_(deps.environment),
      requester_(deps.clock, deps.client, deps.instance, options_.requests) {}

std::string HttpQuestion::refusal(const runtime::HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status <= 299) return {};
  return http::classify_status(answer, true).detail;
}

net::awaitable<Answered> HttpQuestion::ask_once(std::string url, model::SteadyTime deadline) {
  runtime::HttpRequest request;
  request.url = std::move(url);
  request.headers = options_.headers;
  if (auto auth = http::auth_header(options_.auth)) request.headers.push_back(*std::move(auth));
  requester_.complete(request);
  auto answer = co_await requester_.send(std::move(request), deadline);
  requester_.finish();
  if (!answer) co_return std::unexpected(answer.error().detail);
  co_return *std::move(answer);
}

net::awaitable<Answered> HttpQuestion::ask(std::string url, model::SteadyTime deadline) {
  Answered answer = co_await ask_once(url, deadline);
  const bool refused = answer && (answer->status == 401 || answer->status == 403);
  if (!refused || !options_.auth.secret.can_change()) co_return answer;
  if (const auto fresh = options_.auth.secret.read_again(environment_)) {
    options_.auth.secret.value = *fresh;
    runtime::mask_in_logs({*fresh});
  }
  co_return co_await ask_once(std::move(url), deadline);
}

}  // namespace deadcalm::probes::traffic
