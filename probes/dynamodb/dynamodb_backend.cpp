#include "probes/dynamodb/dynamodb_backend.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/dynamodb/errors.h"
#include "probes/http/http_step.h"

namespace deadcalm::probes::dynamodb {
namespace {

namespace json = boost::json;

constexpr const char* kVersion = "DynamoDB_20120810.";

StepFailure contract(std::string detail, bool maybe_done) {
  return {model::Write::contract, std::move(detail), maybe_done, false, false};
}

json::object text_value(std::string_view text) {
  return {{"S", text}};
}

json::object key_value(const KeyPart& part, const Canary& canary) {
  const http::Names names{canary};
  return {{part.is_number ? "N" : "S", part.value.render(std::cref(names))}};
}

json::object key_of(const DynamoOptions& options, const Canary& canary) {
  json::object key{{options.key.attribute, key_value(options.key, canary)}};
  if (options.sort_key) key[options.sort_key->attribute] = key_value(*options.sort_key, canary);
  return key;
}

bool refuses_credentials(const runtime::HttpAnswer& answer) {
  return answer.status >= 400 && answer.status < 500 && classify(answer).failure == model::Write::auth;
}

// The token of an item: of its attribute, or the canary's own wherever it stands.
std::string token_in(const json::object& item, const std::string& attribute, const std::string& wanted) {
  if (attribute.empty()) {
    return json::serialize(item).find(wanted) != std::string::npos ? wanted : "no token of ours";
  }
  const json::value* value = item.if_contains(attribute);
  const json::object* typed = value == nullptr ? nullptr : value->if_object();
  const json::value* text = typed == nullptr ? nullptr : typed->if_contains("S");
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : "no text";
}

// Names stand in a table of their own: "token" and many others are reserved words of DynamoDB.
json::object plant_body(const DynamoOptions& options, const Canary& canary) {
  json::object item = key_of(options, canary);
  item[options.token_attribute] = text_value(canary.token);
  return {{"TableName", options.table},
          {"Item", std::move(item)},
          // The very same record may be planted again (its fate was unknown), another one stays.
          {"ConditionExpression", "attribute_not_exists(#k) OR #t = :t"},
          {"ExpressionAttributeNames",
           json::object{{"#k", options.key.attribute}, {"#t", options.token_attribute}}},
          {"ExpressionAttributeValues", json::object{{":t", text_value(canary.token)}}}};
}

json::object read_body(const DynamoOptions& options, const Canary& canary) {
  return {{"TableName", options.table}, {"Key", key_of(options, canary)}, {"ConsistentRead", true}};
}

json::object remove_body(const DynamoOptions& options, const Canary& canary) {
  return {{"TableName", options.table},
          {"Key", key_of(options, canary)},
          {"ConditionExpression", "#t = :t"},
          {"ExpressionAttributeNames", json::object{{"#t", options.token_attribute}}},
          {"ExpressionAttributeValues", json::object{{":t", text_value(canary.token)}}}};
}

json::object find_body(const DynamoOptions& options, const std::string& stream) {
  return {{"TableName", options.table},
          {"ConsistentRead", true},
          {"FilterExpression", "begins_with(#t, :p)"},
          {"ExpressionAttributeNames", json::object{{"#t", options.token_attribute}}},
          {"ExpressionAttributeValues",
           json::object{{":p", text_value(stream.empty() ? "dc1." : "dc1." + stream + '.')}}}};
}

}  // namespace

DynamoBackend::DynamoBackend(std::shared_ptr<const DynamoOptions> options, const BackendDeps& deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      canary_key_(deps.canary_key),
      requester_({options_.region, "dynamodb"}, options_.credentials, options_.requests, deps) {}

runtime::HttpRequest DynamoBackend::request(const std::string& action, const json::object& body) const {
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = options_.endpoint + '/';
  request.headers = {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", kVersion + action}};
  request.body = json::serialize(body);
  return request;
}

net::awaitable<DynamoBackend::Called> DynamoBackend::call(std::string action, json::object body,
                                                          model::SteadyTime deadline) {
  runtime::HttpRequest built = request(action, body);
  const auto outcome = co_await requester_.send(std::move(built), &refuses_credentials, deadline);
  Refusal refusal;
  if (!outcome) {
    refusal.failure = outcome.error();
    co_return std::unexpected(refusal);
  }
  if (outcome->status != 200) {
    refusal.failure = classify(*outcome);
    refusal.condition_failed = error_name(*outcome) == "ConditionalCheckFailedException";
    co_return std::unexpected(refusal);
  }
  boost::system::error_code ec;
  json::value answer = json::parse(outcome->body, ec);
  if (ec || !answer.is_object()) {
    refusal.failure = contract("HTTP 200, but the answer to " + action + " is not DynamoDB's", true);
    co_return std::unexpected(refusal);
  }
  co_return std::move(answer.get_object());
}

net::awaitable<PrepareAnswer> DynamoBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // tables are their owner's
}

net::awaitable<PlantAnswer> DynamoBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  json::object body = plant_body(options_, canary);
  const Called called = co_await call("PutItem", std::move(body), deadline);
  if (called) co_return answer;
  answer.failure = called.error().failure;
  if (called.error().condition_failed)
    answer.failure = contract("another item already has this key, with another token", false);
  co_return answer;
}

net::awaitable<ReadAnswer> DynamoBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  json::object body = read_body(options_, canary);
  const Called called = co_await call("GetItem", std::move(body), deadline);
  if (!called) {
    answer.failure = called.error().failure;
    co_return answer;
  }
  // IAM refuses what it does not allow, it hides nothing: an answer without the item means it is not there.
  answer.identity_proved = true;
  answer.found = Found::no;
  const json::value* item = called->if_contains("Item");
  if (item != nullptr && item->is_object()) {
    answer.found = Found::yes;
    answer.token = token_in(item->get_object(), options_.token_attribute, canary.token);
  }
  co_return answer;
}

net::awaitable<RemoveAnswer> DynamoBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  json::object body = remove_body(options_, canary);
  const Called called = co_await call("DeleteItem", std::move(body), deadline);
  if (called) {
    answer.removed = Removed::yes;
    co_return answer;
  }
  if (!called.error().condition_failed) {
    answer.failure = called.error().failure;
    co_return answer;
  }
  // Not there, or not ours any more?
  const ReadAnswer there = co_await read(canary, deadline);
  if (there.failure) {
    answer.failure = there.failure;
  } else if (there.found == Found::no) {
    answer.removed = Removed::was_absent;
  } else {
    answer.failure = contract("not removed: the item does not hold our token any more", false);
  }
  co_return answer;
}

net::awaitable<FindAnswer> DynamoBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  if (!options_.find_by_scan) {
    answer.failure = contract("finding own items would read the whole table; `find: scan` allows it", false);
    co_return answer;
  }
  json::object body = find_body(options_, stream);
  while (true) {  // a page holds 1 MiB of the table; the deadline bounds them
    const Called page = co_await call("Scan", body, deadline);
    if (!page) {
      answer.failure = page.error().failure;
      co_return answer;
    }
    const json::value* items = page->if_contains("Items");
    if (items != nullptr && items->is_array()) {
      for (const json::value& item : items->get_array()) {
        const auto ours = model::find_tokens(json::serialize(item), canary_key_, 1);
        if (!ours.empty() && is_of(ours[0], stream))
          answer.records.push_back(
              {model::canary_id(ours[0].stream, ours[0].seq), encode(ours[0], canary_key_)});
      }
    }
    const json::value* last = page->if_contains("LastEvaluatedKey");
    if (last == nullptr) co_return answer;
    body["ExclusiveStartKey"] = *last;
  }
}

void DynamoBackend::finish() {
  requester_.finish();
}

Description DynamoBackend::describe(const Canary& example) const {
  Description description;
  const std::string place = "DynamoDB table " + options_.table + " at " + options_.endpoint;
  description.target = options_.endpoint + ' ' + options_.table + ' ' + options_.key.attribute + '=' +
                       options_.key.value.literal();
  description.can_find = options_.find_by_scan;
  description.calls_per_cycle = 5;
  description.proves = options_.door ? "read in the " + place : place + " (no business logic)";
  if (example.token.empty()) return description;
  const auto show = [&](const char* verb, const char* action, const json::object& body) {
    description.requests.push_back(verb + requester_.preview(request(action, body)));
  };
  if (!options_.door) show("plant   ", "PutItem", plant_body(options_, example));
  show("read    ", "GetItem", read_body(options_, example));
  if (!options_.door) show("remove  ", "DeleteItem", remove_body(options_, example));
  if (options_.find_by_scan) show("find    ", "Scan", find_body(options_, example.stream));
  description.grants = {options_.door ? "dynamodb:GetItem on table " + options_.table
                                      : "dynamodb:PutItem, GetItem, DeleteItem on table " + options_.table +
                                            (options_.find_by_scan ? ", and dynamodb:Scan" : "")};
  return description;
}

}  // namespace deadcalm::probes::dynamodb
