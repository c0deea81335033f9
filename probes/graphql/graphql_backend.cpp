#include "probes/graphql/graphql_backend.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace deadcalm::probes::graphql {
namespace {

namespace json = boost::json;

std::string as_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// What the record holds, or nullopt where it is not there.
std::optional<std::string> content(const ReadStep& step, const Reply& reply, const Canary& canary) {
  if (step.token) {
    const json::value* value = step.token->find(reply.document);
    return value == nullptr || value->is_null() ? std::nullopt : std::optional(as_text(*value));
  }
  if (reply.body.find(canary.token) != std::string::npos) return canary.token;
  if (holds_nothing(reply.document.at("data"))) return std::nullopt;
  return reply.body;
}

StepFailure bad_answer(std::string detail) {
  return {model::Write::contract, std::move(detail), true, false, false};
}

}  // namespace

bool holds_nothing(const json::value& value) {
  if (const auto* list = value.if_array()) return list->empty();
  if (const auto* map = value.if_object()) {
    return std::ranges::all_of(
        *map, [](const auto& field) { return field.key() == "__typename" || holds_nothing(field.value()); });
  }
  return value.is_null();
}

GraphqlBackend::GraphqlBackend(std::shared_ptr<const GraphqlOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      canary_key_(deps.canary_key),
      caller_(options_.caller, std::move(deps)) {}

net::awaitable<PrepareAnswer> GraphqlBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // an API's container is its owner's
}

net::awaitable<PlantAnswer> GraphqlBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  const Caller::Outcome outcome = co_await caller_.call(options_.plant, canary, deadline);
  if (!outcome) {
    answer.failure = outcome.error().failure;
    co_return answer;
  }
  if (!options_.captured_id) co_return answer;
  const json::value* id = options_.captured_id->find(outcome->document);
  if (id == nullptr || id->is_null()) {
    answer.failure = bad_answer("no id at " + options_.captured_id->text() + " of the answer");
  } else {
    answer.record_id = as_text(*id);
  }
  co_return answer;
}

net::awaitable<ReadAnswer> GraphqlBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  const Caller::Outcome outcome = co_await caller_.call(options_.read.operation, canary, deadline);
  if (!outcome) {
    if (outcome.error().kind == Refusal::Kind::absent) {
      answer.found = Found::no;
    } else {
      answer.failure = outcome.error().failure;
    }
    co_return answer;
  }
  answer.from_cache = outcome->from_cache;
  const auto held = content(options_.read, *outcome, canary);
  if (!held) {
    answer.found = Found::no;
    co_return answer;
  }
  const auto ours = model::find_tokens(*held, canary_key_, 1);
  if (held->find(canary.token) != std::string::npos) {
    answer.token = canary.token;
  } else if (!ours.empty()) {
    answer.token = encode(ours[0], canary_key_);  // the record is there and holds another token of ours
  } else if (!options_.read.token) {
    answer.failure = bad_answer("the token is not in the answer");
    co_return answer;
  }
  answer.found = Found::yes;
  co_return answer;
}

net::awaitable<RemoveAnswer> GraphqlBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const Caller::Outcome outcome = co_await caller_.call(options_.remove, canary, deadline);
  if (outcome) {
    const bool shown = outcome->body.find(canary.token) != std::string::npos;
    answer.removed = shown ? Removed::yes : Removed::cannot_tell;
  } else if (outcome.error().kind == Refusal::Kind::absent) {
    answer.removed = Removed::was_absent;
  } else {
    answer.failure = outcome.error().failure;
  }
  co_return answer;
}

net::awaitable<FindAnswer> GraphqlBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  if (!options_.find) {
    answer.failure = StepFailure{model::Write::contract, "no find step is configured", false, false, false};
    co_return answer;
  }
  const Canary nobody{stream, 0, "", ""};
  const Caller::Outcome outcome = co_await caller_.call(options_.find->operation, nobody, deadline);
  if (!outcome) {
    answer.failure = outcome.error().failure;
    co_return answer;
  }
  const json::value* list = options_.find->records.find(outcome->document);
  if (list == nullptr || !list->is_array()) {
    answer.failure = bad_answer("find: no list at " + options_.find->records.text());
    co_return answer;
  }
  for (const json::value& record : list->get_array()) {
    const json::value* id = options_.find->id.find(record);
    const json::value* token = options_.find->token.find(record);
    if (id == nullptr || token == nullptr) continue;
    const auto ours = model::find_tokens(as_text(*token), canary_key_, 1);
    if (!ours.empty() && is_of(ours[0], stream))
      answer.records.push_back({as_text(*id), encode(ours[0], canary_key_)});
  }
  co_return answer;
}

void GraphqlBackend::finish() {
  caller_.finish();
}

std::optional<model::CredentialExpiry> GraphqlBackend::credential_expiry() const {
  return caller_.credential_expiry();
}

Description GraphqlBackend::describe(const Canary& example) const {
  Description description;
  description.target = "graphql " + options_.caller.url;
  description.proves = "the GraphQL API " + options_.caller.url;
  description.can_find = options_.find.has_value();
  description.server_assigns_ids = options_.captured_id.has_value();
  description.calls_per_cycle = 5;  // plant, read, look at the kept one, remove, verify gone
  if (example.token.empty()) return description;
  const auto add = [&](const char* verb, const Operation& operation) {
    description.requests.push_back(verb + caller_.text(operation, variables_of(operation, example)));
  };
  add("plant   ", options_.plant);
  add("read    ", options_.read.operation);
  add("remove  ", options_.remove);
  if (options_.find) add("find    ", options_.find->operation);
  return description;
}

}  // namespace deadcalm::probes::graphql
