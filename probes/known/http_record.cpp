#include "probes/known/http_record.h"

#include "probes/cache_evidence.h"
#include "probes/http/decode.h"

namespace deadcalm::probes::known {

HttpRecordOptions decode_http_record(config::Reader& reader) {
  HttpRecordOptions options;
  options.url = reader.url("url", config::kHttp);
  options.question = http::decode_question(reader);
  options.expect = http::decode_expect(reader);
  return options;
}

KnownAnswer judge_answer(const runtime::HttpAnswer& answer, const HttpRecordOptions& options) {
  const std::string asked = "GET " + options.url;
  const model::CacheClass cache = cache_evidence(answer.headers).kind;
  const bool cached = cache != model::CacheClass::origin && cache != model::CacheClass::unknown;
  if (cached) return {KnownState::unknown, asked + ": answered by a cache, which proves nothing", false};
  if (answer.status == 404 || answer.status == 410)
    return {KnownState::gone, asked + ": HTTP " + std::to_string(answer.status), false};
  if (!options.expect.good_status(answer.status))
    return {KnownState::unknown, asked + ": " + http::HttpQuestion::refusal(answer), false};
  if (auto wrong = options.expect.violated_by(answer))
    return {KnownState::gone, asked + ": " + *wrong, false};
  return {KnownState::good, "", false};
}

HttpRecord::HttpRecord(const std::shared_ptr<const HttpRecordOptions>& options, const BackendDeps& deps)
    : options_(options), question_(options->question, deps) {}

net::awaitable<KnownAnswer> HttpRecord::look(model::SteadyTime deadline) {
  const http::Answered answer = co_await question_.ask(options_->url, deadline);
  if (answer) co_return judge_answer(*answer, *options_);
  co_return KnownAnswer{KnownState::unknown, describe() + ": " + answer.error(), false};
}

}  // namespace deadcalm::probes::known
