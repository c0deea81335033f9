#include "probes/graphql/caller.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/cache_evidence.h"
#include "probes/http/classify.h"
#include "probes/http/http_step.h"
#include "runtime/log.h"

namespace deadcalm::probes::graphql {
namespace {

namespace json = boost::json;

Refusal failed(StepFailure failure) {
  return {Refusal::Kind::failed, std::move(failure), true};
}

bool is_cached(const runtime::HttpAnswer& answer) {
  const model::CacheClass cache = cache_evidence(answer.headers).kind;
  return cache == model::CacheClass::cache_fresh || cache == model::CacheClass::cache_stale ||
         cache == model::CacheClass::stale_on_error;
}

// Servers speak through the status, through `errors`, or both (AppSync: 401 with errors; GraphQL over HTTP:
// 400 for a document that does not validate). The more exact word counts.
Caller::Outcome judge(const runtime::HttpAnswer& answer) {
  boost::system::error_code ec;
  Reply reply{json::parse(answer.body, ec), answer.body, is_cached(answer)};
  auto refusal = ec ? std::nullopt : refusal_in(reply.document);
  if (answer.status < 200 || answer.status > 299) {
    StepFailure by_status = http::classify_status(answer, true);
    if (refusal && refusal->known) {
      refusal->failure.detail = "HTTP " + std::to_string(answer.status) + ", " + refusal->failure.detail;
      return std::unexpected(*std::move(refusal));
    }
    if (refusal) by_status.detail = "HTTP " + std::to_string(answer.status) + ", " + refusal->failure.detail;
    return std::unexpected(failed(std::move(by_status)));
  }
  if (refusal) return std::unexpected(*std::move(refusal));
  const std::string status = "HTTP " + std::to_string(answer.status);
  if (ec) {
    return std::unexpected(
        failed({model::Write::contract, status + ", but the body is not JSON: " + ec.message(), true}));
  }
  if (!reply.document.is_object() || !reply.document.get_object().contains("data")) {
    return std::unexpected(
        failed({model::Write::contract, status + ", but neither data nor errors in the answer", true}));
  }
  return reply;
}

}  // namespace

std::string variables_of(const Operation& operation, const Canary& canary) {
  if (!operation.variables) return {};
  return http::render_json(*operation.variables, http::Names{canary});
}

Caller::Caller(const CallerOptions& options, BackendDeps deps)
    : options_(options),
      deps_(std::move(deps)),
      requester_(deps_.clock, deps_.client, deps_.instance, options.requests) {
  if (!options.credentials) return;
  credentials_ =
      options.credentials({deps_.clock, deps_.client, deps_.environment, deps_.instance, options.requests});
}

runtime::HttpRequest Caller::build(const Operation& operation, const std::string& variables) const {
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/graphql-response+json, application/json;q=0.9"},
                     {"Cache-Control", "no-cache"}};
  request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
  request.body = "{\"query\":" + json::serialize(json::value(operation.query));
  if (!operation.name.empty())
    request.body += ",\"operationName\":" + json::serialize(json::value(operation.name));
  if (!variables.empty()) request.body += ",\"variables\":" + variables;
  request.body += '}';
  requester_.complete(request);
  return request;
}

net::awaitable<Caller::Outcome> Caller::call_once(runtime::HttpRequest request, model::SteadyTime deadline) {
  if (credentials_) {
    const auto authorized = co_await credentials_->authorize(request, deadline);
    if (!authorized) co_return std::unexpected(failed(authorized.error()));
  }
  const auto answer = co_await requester_.send(std::move(request), deadline);
  if (!answer) co_return std::unexpected(failed(answer.error()));
  co_return judge(*answer);
}

net::awaitable<Caller::Outcome> Caller::call(Operation operation, std::string variables,
                                             model::SteadyTime deadline) {
  runtime::HttpRequest request = build(operation, variables);
  runtime::HttpRequest again = request;
  Outcome outcome = co_await call_once(std::move(request), deadline);
  const bool refused = !outcome && outcome.error().failure.failure == model::Write::auth;
  if (!refused || !credentials_) co_return outcome;
  credentials_->refused();
  co_return co_await call_once(std::move(again), deadline);
}

net::awaitable<Caller::Outcome> Caller::call(Operation operation, Canary canary, model::SteadyTime deadline) {
  std::string variables = variables_of(operation, canary);
  co_return co_await call(std::move(operation), std::move(variables), deadline);
}

std::string Caller::text(const Operation& operation, const std::string& variables) const {
  const runtime::HttpRequest request = build(operation, variables);
  std::string text = request.method + ' ' + request.url;
  for (const auto& [name, value] : request.headers)
    text.append("\n  ").append(name).append(": ").append(value);
  if (credentials_) text.append("\n  ").append(credentials_->describe());
  return runtime::masked(text + "\n  " + request.body);
}

}  // namespace deadcalm::probes::graphql
