#include "probes/graphql/decode.h"

#include <algorithm>

#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"

namespace deadcalm::probes::graphql {
namespace {

using config::Reader;
using http::JsonPath;

std::optional<JsonPath> path_of(Reader& reader, std::string_view key, std::optional<std::string> text) {
  if (!text || text->empty()) return std::nullopt;
  auto path = JsonPath::parse(*text);
  if (path) return *std::move(path);
  reader.fault(key, path.error().message, "give a path like $.data.note.text");
  return std::nullopt;
}

JsonPath path_or(Reader& reader, std::string_view key, const char* fallback) {
  const auto path = path_of(reader, key, reader.text(key, fallback));
  return path ? *path : JsonPath::parse("$").value();
}

Operation decode_operation(Reader& step) {
  Operation operation;
  operation.query = step.text("query");
  operation.variables = step.value("variables", config::canary_names());
  operation.name = step.text("operation", "");
  return operation;
}

// A query is a text for the server to parse: a value put into it could change its meaning.
void check_variables(Reader& step, const Operation& operation) {
  if (!operation.variables || std::holds_alternative<config::ValueMap>(operation.variables->data)) return;
  step.fault("variables", "must be a map: the name of each variable without its $, and its value");
}

bool mentions(const config::Value& value, std::string_view name) {
  if (const auto* text = std::get_if<config::Template>(&value.data)) {
    const auto names = text->names();
    return std::ranges::find(names, name) != names.end();
  }
  const auto inside = [&](const config::Value& item) { return mentions(item, name); };
  if (const auto* list = std::get_if<config::ValueList>(&value.data))
    return std::ranges::any_of(*list, inside);
  if (const auto* map = std::get_if<config::ValueMap>(&value.data)) {
    return std::ranges::any_of(*map, [&](const config::NamedValue& field) { return inside(field.value); });
  }
  return false;
}

bool mentions(const Operation& operation, std::string_view name) {
  return operation.variables && mentions(*operation.variables, name);
}

bool names_a_record(const Operation& operation) {
  return mentions(operation, "canary.id") || mentions(operation, "canary.uuid") ||
         mentions(operation, "canary.int");
}

void decode_plant(Reader& reader, GraphqlOptions& options) {
  auto step = reader.child("plant");
  if (!step) return reader.fault("plant", "\"plant\" is missing", "a mutation that writes ${canary.token}");
  options.plant = decode_operation(*step);
  check_variables(*step, options.plant);
  if (auto capture = step->child("capture")) {
    options.captured_id = path_of(*capture, "id", capture->text("id"));
    capture->finish();
  }
  step->finish();
  if (!mentions(options.plant, "canary.token")) {
    step->fault("variables", "the plant does not write ${canary.token}, so nothing could be read back",
                R"(add `variables: { note: "${canary.token}" }`)");
  }
}

void decode_read(Reader& reader, GraphqlOptions& options) {
  auto step = reader.child("read");
  if (!step) return reader.fault("read", "\"read\" is missing", "a query that gives the record back");
  options.read.operation = decode_operation(*step);
  check_variables(*step, options.read.operation);
  options.read.token = path_of(*step, "token", step->optional_text("token"));
  step->finish();
  if (!names_a_record(options.read.operation)) {
    step->fault("variables", "the read does not name the record",
                R"(add `variables: { id: "${canary.id}" }`)");
  }
}

void decode_remove(Reader& reader, GraphqlOptions& options) {
  auto step = reader.child("remove");
  if (!step) return reader.fault("remove", "\"remove\" is missing", "a mutation that deletes the record");
  options.remove = decode_operation(*step);
  check_variables(*step, options.remove);
  step->finish();
  if (!names_a_record(options.remove)) {
    step->fault("variables", "the remove does not name the record, so it could delete others",
                R"(add `variables: { id: "${canary.id}" }`)");
  }
}

void decode_find(Reader& reader, GraphqlOptions& options) {
  auto step = reader.child("find");
  if (!step) return;
  FindStep find;
  find.operation = decode_operation(*step);
  check_variables(*step, find.operation);
  find.records = path_or(*step, "records", "$.data");
  find.id = path_or(*step, "id", "$.id");
  find.token = path_or(*step, "token", "$");
  step->finish();
  options.find = std::move(find);
}

}  // namespace

CallerOptions decode_caller(Reader& reader) {
  CallerOptions options;
  options.url = reader.url("url", config::kHttp);
  options.headers = http::read_headers(reader);
  options.credentials = credentials::decode_credentials(reader);
  options.requests = http::decode_requests(reader);
  return options;
}

GraphqlOptions decode_graphql(Reader& reader) {
  GraphqlOptions options;
  options.caller = decode_caller(reader);
  decode_plant(reader, options);
  decode_read(reader, options);
  decode_remove(reader, options);
  decode_find(reader, options);
  if (options.captured_id && !options.find) {
    reader.fault(
        "plant",
        "the server assigns the id, so a crash between request and answer would leave a record nobody "
        "can name",
        "add a `find:` step that lists own records");
  }
  return options;
}

}  // namespace deadcalm::probes::graphql
