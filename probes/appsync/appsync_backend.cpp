#include "probes/appsync/appsync_backend.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/http/http_step.h"

namespace deadcalm::probes::appsync {
namespace {

namespace json = boost::json;
using graphql::Refusal;

Refusal refused(std::string detail) {
  return {Refusal::Kind::failed, {model::Write::contract, std::move(detail), true, false, false}, true};
}

// mutation DeadcalmUpdate($input: UpdateCanaryInput!) { updateCanary(input: $input) { ... } }
graphql::Operation mutation(const AppsyncOptions& options, const std::string& verb) {
  std::string type = verb + options.model + "Input";
  type[0] = static_cast<char>(type[0] - 'a' + 'A');
  return {"mutation Deadcalm($input: " + type + "!) { " + verb + options.model + "(input: $input) { id " +
              options.field + " _version _deleted _lastChangedAt } }",
          std::nullopt, ""};
}

graphql::Operation query(const AppsyncOptions& options) {
  return {"query Deadcalm($id: ID!) { get" + options.model + "(id: $id) { id " + options.field +
              " _version _deleted } }",
          std::nullopt, ""};
}

std::string input(json::object fields) {
  return json::serialize(json::object{{"input", std::move(fields)}});
}

std::string id_variables(const std::string& id) {
  return json::serialize(json::object{{"id", id}});
}

}  // namespace

AppsyncBackend::AppsyncBackend(std::shared_ptr<const AppsyncOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      canary_key_(deps.canary_key),
      create_(mutation(options_, "create")),
      get_(query(options_)),
      update_(mutation(options_, "update")),
      delete_(mutation(options_, "delete")),
      caller_(options_.caller, std::move(deps)) {}

std::string AppsyncBackend::create_variables(const Canary& canary) const {
  json::object fields;
  if (options_.others)
    fields = json::parse(http::render_json(*options_.others, http::Names{canary})).as_object();
  fields["id"] = canary.record_id;
  fields[options_.field] = canary.token;
  return input(std::move(fields));
}

std::string AppsyncBackend::update_variables(const Canary& canary, std::int64_t version) const {
  return input({{"id", canary.record_id}, {options_.field, canary.token}, {"_version", version}});
}

std::string AppsyncBackend::remove_variables(const Canary& canary, std::int64_t version) const {
  return input({{"id", canary.record_id}, {"_version", version}});
}

net::awaitable<AppsyncBackend::Fetched> AppsyncBackend::fetch(std::string id, model::SteadyTime deadline) {
  std::string variables = id_variables(id);
  const auto outcome = co_await caller_.call(get_, std::move(variables), deadline);
  if (!outcome) co_return std::unexpected(outcome.error());
  const json::value* record =
      outcome->document.at("data").is_object()
          ? outcome->document.at("data").get_object().if_contains("get" + options_.model)
          : nullptr;
  if (record == nullptr)
    co_return std::unexpected(refused("no field get" + options_.model + " in the answer"));
  if (record->is_null()) co_return Held{};
  const auto* fields = record->if_object();
  const json::value* version = fields != nullptr ? fields->if_contains("_version") : nullptr;
  if (version == nullptr || !version->is_int64()) {
    co_return std::unexpected(
        refused("the record has no _version: " + options_.model + " is not a versioned model"));
  }
  const json::value* deleted = fields->if_contains("_deleted");
  if (deleted != nullptr && deleted->is_bool() && deleted->get_bool()) co_return Held{};
  const json::value* content = fields->if_contains(options_.field);
  Held held;
  held.there = true;
  held.version = version->get_int64();
  if (content != nullptr && content->is_string()) held.content = std::string(content->get_string());
  versions_[id] = held.version;
  co_return held;
}

net::awaitable<PrepareAnswer> AppsyncBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // an API's container is its owner's
}

net::awaitable<PlantAnswer> AppsyncBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  std::string variables = create_variables(canary);
  const auto outcome = co_await caller_.call(create_, std::move(variables), deadline);
  if (outcome) co_return answer;
  answer.failure = outcome.error().failure;
  if (outcome.error().kind != Refusal::Kind::conflict) co_return answer;
  // The id is there already: a plant of unknown fate that is sent again has been kept the first time.
  const Fetched there = co_await fetch(canary.record_id, deadline);
  if (there && there->content == canary.token) answer.failure.reset();
  co_return answer;
}

net::awaitable<ReadAnswer> AppsyncBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  const Fetched fetched = co_await fetch(canary.record_id, deadline);
  if (!fetched) {
    answer.failure = fetched.error().failure;
    co_return answer;
  }
  // A record that we may not see is answered with the error Unauthorized, so one that is just null is gone.
  answer.identity_proved = true;
  answer.found = fetched->there ? Found::yes : Found::no;
  if (!fetched->there) co_return answer;
  const std::string& content = fetched->content;
  const auto ours = model::find_tokens(content, canary_key_, 1);
  if (!ours.empty()) answer.token = encode(ours[0], canary_key_);
  if (content == canary.token) answer.token = canary.token;
  co_return answer;
}

// True: done. False: there is no such record.
net::awaitable<std::expected<bool, Refusal>> AppsyncBackend::send(Change change, Canary canary,
                                                                  model::SteadyTime deadline) {
  for (int attempt = 1;; ++attempt) {
    if (!versions_.contains(canary.record_id)) {
      const Fetched fetched = co_await fetch(canary.record_id, deadline);
      if (!fetched) co_return std::unexpected(fetched.error());
      if (!fetched->there) co_return false;
      const std::string& content = fetched->content;
      // The conflict was with ourselves: a request whose answer was cut is sent again by the HTTP client.
      if (change.writes_token && content == canary.token) co_return true;
      const auto ours = model::find_tokens(content, canary_key_, 1);
      if (ours.empty() || ours[0].stream != canary.stream)
        co_return std::unexpected(refused("the record holds nothing of ours: somebody else writes to it"));
    }
    std::string variables = change.variables(versions_[canary.record_id]);
    versions_.erase(canary.record_id);  // whatever happens now, it is another one afterwards
    const auto outcome = co_await caller_.call(change.operation, std::move(variables), deadline);
    if (outcome) co_return true;
    if (outcome.error().kind != Refusal::Kind::conflict || attempt == 2)
      co_return std::unexpected(outcome.error());
  }
}

net::awaitable<UpdateAnswer> AppsyncBackend::update(Canary canary, model::SteadyTime deadline) {
  UpdateAnswer answer;
  auto variables = [this, canary](std::int64_t version) { return update_variables(canary, version); };
  Change change{update_, std::move(variables), true};
  const auto done = co_await send(std::move(change), canary, deadline);
  if (!done) answer.failure = done.error().failure;
  if (done) answer.absent = !*done;
  co_return answer;
}

net::awaitable<RemoveAnswer> AppsyncBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  versions_.erase(canary.record_id);  // a removal looks first, and refuses what is not ours
  auto variables = [this, canary](std::int64_t version) { return remove_variables(canary, version); };
  Change change{delete_, std::move(variables), false};
  const auto done = co_await send(std::move(change), canary, deadline);
  if (!done) answer.failure = done.error().failure;
  if (done) answer.removed = *done ? Removed::yes : Removed::was_absent;
  co_return answer;
}

net::awaitable<FindAnswer> AppsyncBackend::find(std::string, model::SteadyTime) {
  FindAnswer answer;  // the ids are ours, so no record is ever nameless
  answer.failure = StepFailure{model::Write::contract, "records have ids of ours", false, false, false};
  co_return answer;
}

void AppsyncBackend::finish() {
  versions_.clear();
  caller_.finish();
}

std::optional<model::CredentialExpiry> AppsyncBackend::credential_expiry() const {
  return caller_.credential_expiry();
}

Description AppsyncBackend::describe(const Canary& example) const {
  Description description;
  description.target = "appsync " + options_.caller.url + ' ' + options_.model;
  description.proves = "the AppSync API " + options_.caller.url + ", model " + options_.model;
  description.calls_per_cycle = 4;  // read both records, update one, read it back
  if (example.token.empty()) return description;
  const auto text = [&](const graphql::Operation& operation, const std::string& variables) {
    return caller_.text(operation, variables);
  };
  description.requests.push_back("plant   " + text(create_, create_variables(example)));
  description.requests.push_back("read    " + text(get_, id_variables(example.record_id)));
  description.requests.push_back("update  " + text(update_, update_variables(example, 1)));
  description.requests.push_back("remove  " + text(delete_, remove_variables(example, 2)));
  return description;
}

}  // namespace deadcalm::probes::appsync
