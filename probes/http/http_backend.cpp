#include "probes/http/http_backend.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "model/encoding.h"
#include "probes/cache_evidence.h"
#include "probes/http/classify.h"
#include "runtime/log.h"

namespace deadcalm::probes::http {
namespace {

namespace json = boost::json;

bool has_header(const runtime::Headers& headers, std::string_view lower_name) {
  return std::ranges::any_of(headers, [&](const auto& header) {
    return std::ranges::equal(header.first, lower_name,
                              [](unsigned char a, char b) { return std::tolower(a) == b; });
  });
}

bool wants_json(const Step& step) {
  return step.json.has_value() || !step.expect.json.empty();
}

bool is_absent_status(int status) {
  return status == 404 || status == 410;
}

// "[]", "{}", "null" or nothing: an API that answers "no such record" with a good status.
bool is_empty_body(const std::string& body) {
  boost::system::error_code ec;
  if (body.find_first_not_of(" \r\n\t") == std::string::npos) return true;
  if (body.size() > 64) return false;
  const json::value value = json::parse(body, ec);
  if (ec) return false;
  return value.is_null() || (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

std::string as_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string captured(const Capture& wanted, const runtime::HttpAnswer& answer) {
  if (!wanted.path) {
    const std::string* header = answer.header(wanted.header);
    return header != nullptr ? *header : std::string();
  }
  boost::system::error_code ec;
  const json::value document = json::parse(answer.body, ec);
  const json::value* value = ec ? nullptr : wanted.path->find(document);
  return value != nullptr ? as_text(*value) : std::string();
}

}  // namespace

HttpBackend::HttpBackend(std::shared_ptr<const HttpOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      deps_(std::move(deps)),
      requester_(deps_, options_.requests, options_.credentials) {}

runtime::HttpRequest HttpBackend::build(const Step& step, const Canary& canary, bool truth_read) const {
  const Names names{canary};
  runtime::HttpRequest request;
  request.method = step.method;
  request.url = step.url.render([&](std::string_view name) { return model::url_encoded(names(name)); });
  for (const auto& [name, value] : step.headers)
    request.headers.emplace_back(name, value.render(std::cref(names)));
  if (step.json) {
    request.body = render_json(*step.json, names);
    if (!has_header(request.headers, "content-type"))
      request.headers.emplace_back("Content-Type", "application/json");
  } else {
    request.body = step.raw.render(std::cref(names));
  }
  if (!has_header(request.headers, "accept"))
    request.headers.emplace_back("Accept", "application/json, */*;q=0.1");
  if (truth_read) {
    request.headers.emplace_back("Cache-Control", "no-cache");
    if (options_.unique_query) {
      request.url += request.url.find('?') == std::string::npos ? "?deadcalm=" : "&deadcalm=";
      request.url += model::random_hex(4);
    }
  }
  requester_.complete(request);
  return request;
}

net::awaitable<HttpBackend::Outcome> HttpBackend::send(const Step& step, Canary canary,
                                                       model::SteadyTime deadline, bool truth_read) {
  runtime::HttpRequest request = build(step, canary, truth_read);
  co_return co_await requester_.send(std::move(request), deadline);
}

std::optional<StepFailure> HttpBackend::judge(const Step& step, const runtime::HttpAnswer& answer) {
  if (!step.expect.good_status(answer.status)) return classify_status(answer, wants_json(step));
  if (auto wrong = step.expect.violated_by(answer)) {
    return StepFailure{model::Write::contract, "HTTP " + std::to_string(answer.status) + ", but " + *wrong,
                       true, false, false};
  }
  return std::nullopt;
}

net::awaitable<PrepareAnswer> HttpBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // an API's container is its owner's
}

net::awaitable<PlantAnswer> HttpBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  const Outcome outcome = co_await send(options_.plant, canary, deadline, false);
  if (!outcome) {
    answer.failure = outcome.error();
    co_return answer;
  }
  answer.failure = judge(options_.plant, *outcome);
  if (!options_.plant.id) co_return answer;
  answer.record_id = captured(*options_.plant.id, *outcome);
  if (!answer.failure && answer.record_id.empty()) {
    answer.failure = StepFailure{model::Write::contract,
                                 "HTTP " + std::to_string(outcome->status) + ", but no id in the answer",
                                 true, false, false};
  }
  co_return answer;
}

net::awaitable<ReadAnswer> HttpBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  const Outcome outcome = co_await send(options_.read, canary, deadline, true);
  if (!outcome) {
    answer.failure = outcome.error();
    co_return answer;
  }
  if (is_absent_status(outcome->status) && !options_.read.expect.good_status(outcome->status)) {
    answer.found = Found::no;
    co_return answer;
  }
  const model::CacheClass cache = cache_evidence(outcome->headers).kind;
  answer.from_cache = cache == model::CacheClass::cache_fresh || cache == model::CacheClass::cache_stale ||
                      cache == model::CacheClass::stale_on_error;
  if (!options_.read.expect.good_status(outcome->status)) {
    answer.failure = classify_status(*outcome, wants_json(options_.read));
  } else if (outcome->body.find(canary.token) != std::string::npos) {
    answer.failure = judge(options_.read, *outcome);
    answer.found = Found::yes;
    answer.token = canary.token;
  } else if (is_empty_body(outcome->body)) {
    answer.found = Found::no;
  } else if (!model::find_tokens(outcome->body, deps_.canary_key, 1).empty()) {
    answer.found = Found::yes;  // the record is there and holds another token of ours
    answer.token = "another token of ours";
  } else {
    answer.failure = judge(options_.read, *outcome);
    if (!answer.failure) {
      answer.failure =
          StepFailure{model::Write::contract,
                      "HTTP " + std::to_string(outcome->status) + ", but the token is not in the answer",
                      true, false, false};
    }
  }
  co_return answer;
}

net::awaitable<RemoveAnswer> HttpBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const Outcome outcome = co_await send(options_.remove, canary, deadline, false);
  if (!outcome) {
    answer.failure = outcome.error();
  } else if (is_absent_status(outcome->status)) {
    answer.removed = Removed::was_absent;
  } else if (auto failure = judge(options_.remove, *outcome)) {
    answer.failure = std::move(failure);
  } else {
    answer.removed = Removed::cannot_tell;  // many APIs answer 204 whether it was there or not
  }
  co_return answer;
}

net::awaitable<FindAnswer> HttpBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  if (!options_.find) {
    answer.failure = StepFailure{model::Write::contract, "no find step is configured", false, false, false};
    co_return answer;
  }
  const Canary nobody{stream, 0, "", ""};
  const Outcome outcome = co_await send(options_.find->step, nobody, deadline, true);
  if (!outcome) {
    answer.failure = outcome.error();
    co_return answer;
  }
  if (auto failure = judge(options_.find->step, *outcome)) {
    answer.failure = std::move(failure);
    co_return answer;
  }
  boost::system::error_code ec;
  const json::value document = json::parse(outcome->body, ec);
  const json::value* list = ec ? nullptr : options_.find->records.find(document);
  if (list == nullptr || !list->is_array()) {
    answer.failure = StepFailure{model::Write::contract, "find: no list at " + options_.find->records.text(),
                                 false, false, false};
    co_return answer;
  }
  for (const json::value& record : list->get_array()) {
    const json::value* id = options_.find->id.find(record);
    const json::value* token = options_.find->token.find(record);
    if (id == nullptr || token == nullptr) continue;
    const auto ours = model::find_tokens(as_text(*token), deps_.canary_key, 1);
    if (!ours.empty() && is_of(ours[0], stream))
      answer.records.push_back({as_text(*id), encode(ours[0], deps_.canary_key)});
  }
  co_return answer;
}

void HttpBackend::finish() {
  requester_.finish();
}

std::optional<model::CredentialExpiry> HttpBackend::credential_expiry() const {
  return requester_.expiry();
}

std::string HttpBackend::text(const Step& step, const Canary& canary, bool truth_read) const {
  const runtime::HttpRequest request = build(step, canary, truth_read);
  std::string text = request.method + ' ' + request.url;
  for (const auto& [name, value] : request.headers)
    text.append("\n  ").append(name).append(": ").append(value);
  if (const std::string line = requester_.credential_line(); !line.empty()) text.append("\n  ").append(line);
  if (!request.body.empty()) text.append("\n  ").append(request.body);
  return runtime::masked(text);
}

Description HttpBackend::describe(const Canary& example) const {
  Description description;
  description.target = options_.plant.method + ' ' + options_.plant.url.literal();
  description.proves = options_.proves;
  description.can_find = options_.find.has_value();
  description.server_assigns_ids = options_.plant.id.has_value();
  description.calls_per_cycle = 5;  // plant, read, look at the kept one, remove, verify gone
  if (example.token.empty()) return description;
  description.requests.push_back("plant   " + text(options_.plant, example, false));
  description.requests.push_back("read    " + text(options_.read, example, true));
  description.requests.push_back("remove  " + text(options_.remove, example, false));
  if (options_.find) description.requests.push_back("find    " + text(options_.find->step, example, true));
  return description;
}

}  // namespace deadcalm::probes::http
