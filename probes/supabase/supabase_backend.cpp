#include "probes/supabase/supabase_backend.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "model/encoding.h"
#include "probes/cache_evidence.h"
#include "probes/supabase/errors.h"
#include "runtime/log.h"

namespace deadcalm::probes::supabase {
namespace {

namespace json = boost::json;
using http::Requester;

StepFailure contract(std::string detail, bool maybe_done) {
  return {model::Write::contract, std::move(detail), maybe_done, false, false};
}

std::string as_text(const json::object& row, const std::string& name) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

bool is_cached(const runtime::HttpAnswer& answer) {
  const model::CacheClass kind = cache_evidence(answer.headers).kind;
  return kind == model::CacheClass::cache_fresh || kind == model::CacheClass::cache_stale ||
         kind == model::CacheClass::stale_on_error;
}

bool is_conflict(const StepFailure& failure) {
  return failure.detail.starts_with("SQLSTATE 23505");
}

}  // namespace

SupabaseBackend::SupabaseBackend(std::shared_ptr<const SupabaseOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      deps_(std::move(deps)),
      anon_key_(options_.user.anon_key),
      requester_(deps_.clock, deps_.client, deps_.instance, options_.requests),
      credentials_(deps_.clock,
                   std::make_unique<credentials::SupabaseSignIn>(
                       options_.user, Requester(deps_.clock, deps_.client, deps_.instance, options_.requests),
                       deps_.environment),
                   "Bearer") {}

SupabaseBackend::Call SupabaseBackend::plant_call(const Canary& canary) const {
  const json::object row{{options_.id_column, canary.record_id}, {options_.token_column, canary.token}};
  return {"POST", "", json::serialize(row)};
}

SupabaseBackend::Call SupabaseBackend::read_call(const Canary& canary) const {
  return {"GET", model::url_encoded(options_.id_column) + "=eq." + model::url_encoded(canary.record_id) + '&',
          ""};
}

// By id and token: what does not hold our token is not touched.
SupabaseBackend::Call SupabaseBackend::remove_call(const Canary& canary) const {
  return {"DELETE",
          read_call(canary).query + model::url_encoded(options_.token_column) + "=eq." +
              model::url_encoded(canary.token) + '&',
          ""};
}

// PostgREST's `like` takes * for %.
SupabaseBackend::Call SupabaseBackend::find_call(const std::string& stream) const {
  const std::string prefix = "dc1." + (stream.empty() ? stream : stream + '.');
  return {"GET", model::url_encoded(options_.token_column) + "=like." + model::url_encoded(prefix) + "*&",
          ""};
}

runtime::HttpRequest SupabaseBackend::build(const Call& call) const {
  runtime::HttpRequest request;
  request.method = call.method;
  request.url = options_.user.url + "/rest/v1/" + model::url_encoded(options_.table) + '?' + call.query +
                "select=" + model::url_encoded(options_.id_column) + ',' +
                model::url_encoded(options_.token_column);
  request.headers = {{"apikey", anon_key_.value.reveal()}, {"Accept", "application/json"}};
  if (options_.schema != "public")
    request.headers.emplace_back(call.method == "GET" ? "Accept-Profile" : "Content-Profile",
                                 options_.schema);
  if (call.method == "GET") {
    request.headers.emplace_back("Cache-Control", "no-cache");
  } else {
    request.headers.emplace_back("Prefer", "return=representation");
  }
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = call.body;
  requester_.complete(request);
  return request;
}

net::awaitable<Requester::Outcome> SupabaseBackend::send_once(Call call, model::SteadyTime deadline) {
  runtime::HttpRequest request = build(call);
  const auto authorized = co_await credentials_.authorize(request, deadline);
  if (!authorized) co_return std::unexpected(authorized.error());
  co_return co_await requester_.send(std::move(request), deadline);
}

net::awaitable<SupabaseBackend::Rows> SupabaseBackend::send(Call call, model::SteadyTime deadline,
                                                            bool* from_cache) {
  Requester::Outcome outcome = co_await send_once(call, deadline);
  if (outcome && outcome->status == 401) {
    credentials_.refused();
    if (anon_key_.can_change()) {
      if (const auto fresh = anon_key_.read_again(deps_.environment)) {
        anon_key_.value = *fresh;
        runtime::mask_in_logs({*fresh});
      }
    }
    outcome = co_await send_once(call, deadline);
  }
  if (!outcome) co_return std::unexpected(outcome.error());
  if (from_cache != nullptr) *from_cache = is_cached(*outcome);
  if (outcome->status != 200 && outcome->status != 201) co_return std::unexpected(classify(*outcome));
  co_return rows_in(*outcome);
}

SupabaseBackend::Rows SupabaseBackend::rows_in(const runtime::HttpAnswer& answer) const {
  boost::system::error_code ec;
  const json::value document = json::parse(answer.body, ec);
  if (ec || !document.is_array()) {
    return std::unexpected(
        contract("HTTP " + std::to_string(answer.status) + ", but the answer is no list of rows", true));
  }
  std::vector<Row> rows;
  for (const json::value& item : document.get_array()) {
    if (const auto* row = item.if_object())
      rows.push_back({as_text(*row, options_.id_column), as_text(*row, options_.token_column)});
  }
  return rows;
}

// The table is the project's: nothing is made over this API. But who cannot sign in, or has no table, hears
// it before anything is planted.
net::awaitable<PrepareAnswer> SupabaseBackend::prepare(bool, model::SteadyTime deadline) {
  PrepareAnswer answer;
  Call look{"GET", "limit=0&", ""};
  const Rows rows = co_await send(std::move(look), deadline);
  if (rows) co_return answer;
  answer.failure = rows.error();
  if (answer.failure->container_gone)
    answer.failure->detail += "; `deadcalm probe SERVICE --dry-run` prints the statements that make it";
  co_return answer;
}

net::awaitable<PlantAnswer> SupabaseBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  Call call = plant_call(canary);
  Rows rows = co_await send(std::move(call), deadline);
  if (!rows && is_conflict(rows.error())) {
    // The very same record again is fine (its fate was unknown), another one in its place is not.
    const StepFailure conflict = rows.error();
    Call look = read_call(canary);
    rows = co_await send(std::move(look), deadline);
    if (rows && (rows->size() != 1 || rows->front().token != canary.token)) rows = std::unexpected(conflict);
  }
  if (!rows) {
    answer.failure = rows.error();
  } else if (rows->size() != 1 || rows->front().token != canary.token) {
    answer.failure = contract("the row that was written did not come back with our token", true);
  }
  co_return answer;
}

net::awaitable<ReadAnswer> SupabaseBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  // The address that spreads reads over replicas: "<project>-all.supabase.co".
  answer.primary = options_.user.url.find("-all.supabase.") == std::string::npos;
  Call call = read_call(canary);
  const Rows rows = co_await send(std::move(call), deadline, &answer.from_cache);
  if (!rows) {
    answer.failure = rows.error();
  } else if (rows->size() > 1) {
    answer.failure = contract(std::to_string(rows->size()) + " rows have this id", false);
  } else if (rows->empty()) {
    answer.found = Found::no;  // or hidden by a policy: identity_proved stays false
  } else if (rows->front().id != canary.record_id) {
    answer.failure = contract("the row that came back has another id than was asked for", false);
  } else {
    answer.found = Found::yes;
    answer.token = rows->front().token;
  }
  co_return answer;
}

net::awaitable<RemoveAnswer> SupabaseBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  Call look = read_call(canary);
  const Rows there = co_await send(std::move(look), deadline);
  if (!there) {
    answer.failure = there.error();
    co_return answer;
  }
  if (there->empty()) {
    answer.removed = Removed::none_seen;
    co_return answer;
  }
  if (there->size() > 1 || there->front().token != canary.token) {
    answer.failure = contract("not removed: the record does not hold our token any more", false);
    co_return answer;
  }
  Call call = remove_call(canary);
  const Rows removed = co_await send(std::move(call), deadline);
  if (!removed) {
    answer.failure = removed.error();
  } else if (removed->size() == 1) {
    answer.removed = Removed::yes;
  } else if (removed->empty()) {
    answer.failure = StepFailure{model::Write::auth,
                                 "the removal touched no row although the record is there: no policy for "
                                 "delete allows it",
                                 false, false, false};
  } else {
    answer.failure = contract("the removal touched " + std::to_string(removed->size()) + " rows", true);
  }
  co_return answer;
}

net::awaitable<FindAnswer> SupabaseBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  Call call = find_call(stream);
  const Rows rows = co_await send(std::move(call), deadline);
  if (!rows) {
    answer.failure = rows.error();
    co_return answer;
  }
  for (const Row& row : *rows) {
    const auto ours = model::find_tokens(row.token, deps_.canary_key, 1);
    if (!ours.empty() && (stream.empty() || ours[0].stream == stream))
      answer.records.push_back({row.id, encode(ours[0], deps_.canary_key)});
  }
  co_return answer;
}

std::string SupabaseBackend::text(const Call& call) const {
  const runtime::HttpRequest request = build(call);
  std::string text = request.method + ' ' + request.url;
  for (const auto& [name, value] : request.headers) {
    const bool secret = name == "apikey";
    text.append("\n  ").append(name).append(": ").append(secret ? "<anon key>" : value);
  }
  text.append("\n  ").append(credentials_.describe());
  if (!request.body.empty()) text.append("\n  ").append(request.body);
  return runtime::masked(text);
}

Description SupabaseBackend::describe(const Canary& example) const {
  Description description;
  const std::string table = options_.schema + '.' + options_.table;
  description.target = "supabase " + options_.user.url + ' ' + table + " as " + options_.user.email;
  description.proves = "REST API of " + options_.user.url + ", table " + table + " as " + options_.user.email;
  description.can_find = true;
  description.calls_per_cycle = 7;  // the removal reads first; signing in is rare
  if (example.token.empty()) return description;
  description.requests = {"plant   " + text(plant_call(example)), "read    " + text(read_call(example)),
                          "remove  " + text(remove_call(example)),
                          "find    " + text(find_call(example.stream))};
  description.grants = table_and_policies(options_);
  return description;
}

}  // namespace deadcalm::probes::supabase
