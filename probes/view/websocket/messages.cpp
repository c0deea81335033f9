#include "probes/view/websocket/messages.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/graphql/errors.h"

namespace deadcalm::probes::websocket {
namespace {

namespace json = boost::json;

constexpr std::size_t kExcerpt = 200;

// {"data": {"field": something}}: errors beside it are about other fields.
bool has_data(const json::value& result) {
  const json::object* object = result.if_object();
  const json::value* data = object != nullptr ? object->if_contains("data") : nullptr;
  if (data == nullptr || !data->is_object()) return false;
  return std::ranges::any_of(data->get_object(), [](const auto& field) { return !field.value().is_null(); });
}

}  // namespace

std::string excerpt(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kExcerpt)) out += c >= ' ' && c < 127 ? c : ' ';
  return text.size() > kExcerpt ? out + "..." : out;
}

std::optional<json::object> object_in(std::string_view text) {
  json::error_code ec;
  json::value value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

Heard not_json(const std::string& protocol) {
  return refused(model::Write::contract, "a message that is no JSON object: not " + protocol);
}

std::string text_at(const json::object& message, std::string_view key) {
  const json::value* value = message.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::int64_t> number_at(const json::object& message, std::string_view outer,
                                      std::string_view key) {
  const json::value* inner = message.if_contains({outer.data(), outer.size()});
  if (inner == nullptr || !inner->is_object()) return std::nullopt;
  const json::value* value = inner->get_object().if_contains({key.data(), key.size()});
  return value != nullptr && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

json::value payload_of(const json::object& message) {
  const json::value* value = message.if_contains("payload");
  return value != nullptr ? *value : json::value();
}

Heard refused_by_errors(const json::value& errors, std::string_view text) {
  const json::value document = errors.is_array() ? json::value{{"errors", errors}} : errors;
  const auto refusal = graphql::refusal_in(document);
  if (!refusal) return refused(model::Write::server, excerpt(text));
  return refused(refusal->failure.failure, refusal->failure.detail);
}

Heard pushed_result(const json::object& message) {
  const json::value payload = payload_of(message);
  if (!has_data(payload) && graphql::refusal_in(payload)) return refused_by_errors(payload, {});
  Heard heard;
  heard.meaning = Meaning::pushed;
  heard.text = json::serialize(payload);
  return heard;
}

}  // namespace deadcalm::probes::websocket
