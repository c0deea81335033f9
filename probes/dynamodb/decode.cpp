#include "probes/dynamodb/decode.h"

#include <algorithm>

#include "probes/aws/decode.h"
#include "probes/http/decode.h"

namespace deadcalm::probes::dynamodb {
namespace {

constexpr std::string_view kFinds[] = {"none", "scan"};
constexpr std::string_view kTypes[] = {"text", "number"};

config::Template canary_id() {
  config::Template id;
  id.add_name("canary.id");
  return id;
}

// `key: id`, or `key: { name: pk, value: "CANARY#${canary.id}", type: text }`
KeyPart decode_key(config::Reader& reader, std::string_view key, const char* fallback) {
  KeyPart part{fallback, canary_id()};
  const config::Node* node = reader.node(key);
  if (node == nullptr) return part;
  if (!node->is_map()) {
    part.attribute = reader.text(key);
    return part;
  }
  auto child = reader.child(key);
  if (!child) return part;
  part.attribute = child->text("name");
  part.is_number = child->word("type", kTypes).value_or(0) == 1;
  if (auto value = child->optional_template("value", config::canary_names())) part.value = *std::move(value);
  child->finish();
  return part;
}

DynamoOptions decode_common(config::Reader& reader) {
  DynamoOptions options;
  options.table = reader.text("table");
  options.region = aws::decode_region(reader);
  options.endpoint = aws::decode_endpoint(reader);
  if (options.endpoint.empty()) options.endpoint = aws::default_endpoint({options.region, "dynamodb"});
  options.key = decode_key(reader, "key", "id");
  if (reader.has("sort_key")) options.sort_key = decode_key(reader, "sort_key", "");
  options.credentials = aws::decode_credentials(reader);
  options.requests = http::decode_requests(reader);
  const auto names_record = [](const KeyPart& part) { return !part.value.is_literal(); };
  if (!names_record(options.key) && !(options.sort_key && names_record(*options.sort_key)))
    reader.fault("key", "every canary would have the same key", "put ${canary.id} into `value:`");
  return options;
}

}  // namespace

DynamoOptions decode_dynamodb(config::Reader& reader) {
  DynamoOptions options = decode_common(reader);
  options.token_attribute = reader.text("token", "token");
  options.find_by_scan = reader.word("find", kFinds).value_or(0) == 1;
  const auto clashes = [&](const KeyPart& part) { return part.attribute == options.token_attribute; };
  if (clashes(options.key) || (options.sort_key && clashes(*options.sort_key)))
    reader.fault("token", "the token needs an attribute of its own", "it is part of the key");
  return options;
}

DynamoOptions decode_dynamodb_door(config::Reader& reader) {
  DynamoOptions options = decode_common(reader);
  options.door = true;
  options.token_attribute = reader.text("token", "");
  return options;
}

}  // namespace deadcalm::probes::dynamodb
