#include "probes/http/http_question.h"

#include "probes/http/classify.h"
#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"

namespace deadcalm::probes::http {

QuestionOptions decode_question(config::Reader& reader) {
  QuestionOptions options;
  options.headers = read_headers(reader);
  options.credentials = credentials::decode_credentials(reader);
  options.requests = decode_requests(reader);
  return options;
}

HttpQuestion::HttpQuestion(const QuestionOptions& options, const BackendDeps& deps)
    : headers_(options.headers), requester_(deps, options.requests, options.credentials) {}

std::string HttpQuestion::refusal(const runtime::HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status <= 299) return {};
  return classify_status(answer, true).detail;
}

net::awaitable<Answered> HttpQuestion::ask(std::string url, model::SteadyTime deadline) {
  runtime::HttpRequest request;
  request.url = std::move(url);
  request.headers = headers_;
  requester_.complete(request);
  auto answer = co_await requester_.send(std::move(request), deadline);
  requester_.finish();
  if (!answer) co_return std::unexpected(answer.error().detail);
  co_return *std::move(answer);
}

}  // namespace deadcalm::probes::http
