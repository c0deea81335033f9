#include "probes/traffic/http_question.h"

#include "probes/http/classify.h"
#include "probes/http/decode.h"
#include "runtime/log.h"

namespace deadcalm::probes::traffic {

QuestionOptions decode_question(config::Reader& reader) {
  QuestionOptions options;
  options.headers = reader.text_map("headers");
  options.auth = http::decode_auth(reader);
  http::decode_tls(reader, options.ca_file, options.verify_tls);
  options.max_body_bytes =
      static_cast<std::size_t>(reader.integer("max_body_bytes", 1 << 20, 1024, 64 << 20));
  return options;
}

HttpQuestion::HttpQuestion(QuestionOptions options, QuestionDeps deps)
    : options_(std::move(options)), deps_(std::move(deps)) {}

std::string HttpQuestion::refusal(const runtime::HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status <= 299) return {};
  return http::classify_status(answer, true).detail;
}

net::awaitable<Answered> HttpQuestion::ask_once(std::string url, model::SteadyTime deadline) {
  runtime::HttpRequest request;
  request.url = std::move(url);
  request.headers = options_.headers;
  request.headers.emplace_back("User-Agent", "deadcalm/" DEADCALM_VERSION);
  request.headers.emplace_back("Deadcalm-Canary", deps_.instance);
  if (auto auth = http::auth_header(options_.auth)) request.headers.push_back(*std::move(auth));
  request.timeout = std::max(model::Millis{1}, deadline - deps_.clock.now().steady);
  request.max_body_bytes = options_.max_body_bytes;
  request.ca_file = options_.ca_file;
  request.verify_tls = options_.verify_tls;
  auto answer = co_await deps_.client.fetch(std::move(request));
  if (!answer) co_return std::unexpected(answer.error().message);
  co_return *std::move(answer);
}

net::awaitable<Answered> HttpQuestion::ask(std::string url, model::SteadyTime deadline) {
  Answered answer = co_await ask_once(url, deadline);
  const bool refused = answer && (answer->status == 401 || answer->status == 403);
  if (!refused || !options_.auth.secret.can_change()) co_return answer;
  if (const auto fresh = options_.auth.secret.read_again(deps_.environment)) {
    options_.auth.secret.value = *fresh;
    runtime::mask_in_logs({*fresh});
  }
  co_return co_await ask_once(std::move(url), deadline);
}

}  // namespace deadcalm::probes::traffic
