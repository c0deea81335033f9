#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "config/connection_policy.h"
#include "config/expand.h"
#include "config/scalar.h"
#include "config/value.h"

namespace deadcalm::probes::http {
namespace {

using config::Node;
using config::Reader;

// A literal: a number, a boolean, null or a text.
boost::json::value operand_of(const Node& node, config::Context& context) {
  const auto value = read_value(node, config::no_names(), context);
  if (!value) return nullptr;
  const Canary nobody;
  return boost::json::parse(render_json(*value, Names{nobody}));
}

Condition make_condition(Operator op, const Node& node, config::Context& context) {
  Condition condition;
  condition.op = op;
  condition.operand = operand_of(node, context);
  const auto wrong = [&](const char* what) { context.faults().add(node, what); };
  if (op == Operator::matches) {
    condition.pattern = std::make_shared<re2::RE2>(node.text, re2::RE2::Quiet);
    if (!condition.pattern->ok())
      wrong(("not a regular expression (RE2): " + condition.pattern->error()).c_str());
  } else if (op == Operator::exists && !condition.operand.is_bool()) {
    wrong("exists takes true or false");
  } else if (op >= Operator::length && !condition.operand.is_number()) {
    wrong("needs a number");
  }
  return condition;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// `capture: { id: $.data.id }` or `{ id: header:Location }`
std::optional<Capture> decode_capture(Reader& step) {
  auto child = step.child("capture");
  if (!child) return std::nullopt;
  Capture capture;
  constexpr std::string_view header = "header:";
  const std::string text = child->text("id");
  if (text.starts_with(header)) {
    capture.header = lower(text.substr(header.size()));
    while (capture.header.starts_with(' ')) capture.header.erase(0, 1);
  } else if (auto path = JsonPath::parse(text)) {
    capture.path = *std::move(path);
  } else if (!text.empty()) {
    child->fault("id", path.error().message, "give a path like $.data.id, or header:Location");
  }
  child->finish();
  return capture;
}

bool mentions_token(const config::Template& text) {
  const auto names = text.names();
  return std::ranges::find(names, "canary.token") != names.end();
}

bool mentions_token(const config::Value& value) {
  if (const auto* text = std::get_if<config::Template>(&value.data)) return mentions_token(*text);
  if (const auto* list = std::get_if<config::ValueList>(&value.data)) {
    return std::ranges::any_of(*list, [](const config::Value& item) { return mentions_token(item); });
  }
  if (const auto* map = std::get_if<config::ValueMap>(&value.data)) {
    return std::ranges::any_of(*map,
                               [](const config::NamedValue& field) { return mentions_token(field.value); });
  }
  return false;
}

bool mentions_token(const Step& step) {
  return mentions_token(step.url) || mentions_token(step.raw) || (step.json && mentions_token(*step.json)) ||
         std::ranges::any_of(step.headers, [](const auto& header) { return mentions_token(header.second); });
}

struct StepDefaults {
  std::string_view key, method;
  std::vector<int> status;
};

// One step in long form, over its defaults.
void decode_step(Reader& parent, const StepDefaults& defaults, Step& step, bool required) {
  auto child = parent.child(defaults.key);
  if (!child) {
    if (required) {
      parent.fault(defaults.key, "this step is missing",
                   "give `resource:` for the short form, or `" + std::string(defaults.key) +
                       ":` with a method and a url");
    }
    return;
  }
  const config::RunTimeNames names = config::canary_names();
  step.method = read_method(*child, step.method.empty() ? std::string(defaults.method) : step.method);
  if (child->has("url") || step.url.empty()) step.url = child->url_template("url", config::kHttp, names);
  for (auto& header : read_headers(*child, names)) step.headers.push_back(std::move(header));
  child->one_of({"json", "body"}, false);
  if (auto json = child->value("json", names)) step.json = *std::move(json);
  if (auto body = child->optional_template("body", names)) step.raw = *std::move(body);
  if (child->has("expect")) step.expect = decode_expect(*child);
  if (defaults.key == "plant") step.id = decode_capture(*child);
  if (defaults.key == "find") {
    child->leave_the_rest();  // `records`, `id` and `token` are read by the caller
  } else {
    child->finish();
  }
}

JsonPath path_of(Reader& reader, std::string_view key, const char* fallback) {
  const std::string text = reader.text(key, fallback);
  auto path = JsonPath::parse(text);
  if (path) return *std::move(path);
  reader.fault(key, path.error().message);
  return JsonPath::parse("$").value();
}

// PUT / GET / DELETE <resource>/${canary.id}
void short_form(Reader& reader, HttpOptions& options) {
  const config::RunTimeNames names = config::canary_names();
  config::Template record = reader.url_template("resource", config::kHttp, names);
  if (record.is_literal()) {
    record.add_text(record.literal().ends_with('/') ? "" : "/");
    record.add_name("canary.id");
  }
  for (Step* step : {&options.plant, &options.read, &options.remove}) step->url = record;
  options.plant.method = "PUT";
  options.read.method = "GET";
  options.remove.method = "DELETE";
}

}  // namespace

std::vector<Condition> decode_conditions(const Node& node, config::Context& context) {
  if (!node.is_map()) return {make_condition(Operator::equals, node, context)};
  std::vector<Condition> conditions;
  for (const auto& entry : node.entries) {
    if (const auto op = model::from_name<Operator>(entry.key)) {
      conditions.push_back(make_condition(*op, entry.value, context));
      continue;
    }
    constexpr auto& names = model::Names<Operator>::values;
    const std::vector<std::string> words(std::begin(names), std::end(names));
    context.faults().add(entry.mark, node.path.key(entry.key).text(), "unknown operator",
                         config::did_you_mean(entry.key, words));
  }
  return conditions;
}

Expect decode_expect(Reader& reader) {
  Expect expect;
  auto child = reader.child("expect");
  if (!child) return expect;
  config::Context& context = child->context();
  for (const Node& node : child->list_or_one("status")) {
    const auto status = read_integer(node, context);
    if (status && (*status < 100 || *status > 599)) {
      context.faults().add(node, "not an HTTP status", "100 to 599");
    } else if (status) {
      expect.status.push_back(static_cast<int>(*status));
    }
  }
  if (auto json = child->child("json")) {
    for (const auto& entry : json->self().entries) {
      auto path = JsonPath::parse(entry.key);
      if (!path) context.faults().add(entry.mark, entry.value.path.text(), path.error().message);
      const Node* value = json->node(entry.key);
      if (!path || value == nullptr) continue;
      for (auto& condition : decode_conditions(*value, context))
        expect.json.push_back({*path, std::move(condition)});
    }
    json->finish();
  }
  if (auto headers = child->child("header")) {
    for (const auto& entry : headers->self().entries) {
      const Node* value = headers->node(entry.key);
      if (value == nullptr) continue;
      for (auto& condition : decode_conditions(*value, context)) {
        expect.headers.push_back({lower(entry.key), std::move(condition)});
      }
    }
    headers->finish();
  }
  child->finish();
  return expect;
}

Auth decode_auth_keys(Reader& keys) {
  Auth auth;
  if (auto bearer = keys.secret_source("bearer")) {
    auth.kind = Auth::Kind::bearer;
    auth.secret = *std::move(bearer);
  } else if (auto basic = keys.child("basic")) {
    auth.kind = Auth::Kind::basic;
    auth.name = basic->text("username");
    auth.secret = basic->secret_source("password").value_or(config::SecretSource{});
    basic->finish();
  } else if (auto header = keys.child("header")) {
    auth.kind = Auth::Kind::header;
    auth.name = header->text("name");
    auth.secret = header->secret_source("value").value_or(config::SecretSource{});
    header->finish();
  }
  return auth;
}

void decode_tls(Reader& reader, std::string& ca_file, bool& verify) {
  auto child = reader.child("tls");
  if (!child) return;
  ca_file = child->text("ca_file", "");
  if (!ca_file.empty()) ca_file = config::resolve(ca_file, child->context().base_dir());
  verify = child->boolean("verify", true);
  if (!verify)
    child->warn("verify", "any certificate is accepted: somebody in between can answer for the backend");
  child->finish();
}

RequesterOptions decode_requests(Reader& reader, std::int64_t usual_body) {
  RequesterOptions options;
  options.policy = config::read_connection_policy(reader);
  decode_tls(reader, options.ca_file, options.verify_tls);
  options.max_body_bytes =
      static_cast<std::size_t>(reader.integer("max_body_bytes", usual_body, 1024, 64 << 20));
  return options;
}

HttpOptions decode_http(Reader& reader) {
  HttpOptions options;
  const config::RunTimeNames names = config::canary_names();
  const bool is_short = reader.has("resource");
  if (is_short) short_form(reader, options);
  reader.one_of({"json", "body"}, false);
  const auto headers = read_headers(reader, names);
  for (Step* step : {&options.plant, &options.read, &options.remove}) step->headers = headers;
  if (auto json = reader.value("json", names)) options.plant.json = *std::move(json);
  if (auto body = reader.optional_template("body", names)) options.plant.raw = *std::move(body);

  decode_step(reader, {"plant", "POST", {}}, options.plant, !is_short);
  decode_step(reader, {"read", "GET", {}}, options.read, !is_short);
  decode_step(reader, {"remove", "DELETE", {}}, options.remove, !is_short);
  if (auto find = reader.child("find")) {
    FindStep step;
    step.step.headers = headers;
    find->also_known({"method", "url", "headers", "json", "body", "expect"});
    step.records = path_of(*find, "records", "$");
    step.id = path_of(*find, "id", "$.id");
    step.token = path_of(*find, "token", "$");
    find->finish();
    Reader again(*reader.node("find"), reader.context());
    again.leave_the_rest();
    decode_step(reader, {"find", "GET", {}}, step.step, false);
    options.find = std::move(step);
  }
  options.credentials = credentials::decode_credentials(reader);
  options.requests = decode_requests(reader);
  options.unique_query = reader.boolean("unique_query", true);
  options.proves = "the API";

  if (!mentions_token(options.plant) && (is_short || reader.has("plant"))) {
    reader.fault(is_short ? "resource" : "plant",
                 "the plant does not write ${canary.token}, so nothing could be read back",
                 R"(add `json: { note: "${canary.token}" }`)");
  }
  if (options.plant.id && !options.find) {
    reader.fault(
        "plant",
        "the server assigns the id, so a crash between request and answer would leave a record nobody "
        "can name",
        "add a `find:` step that lists own records");
  }
  return options;
}

}  // namespace deadcalm::probes::http
