#include "probes/appsync/decode.h"

#include <algorithm>
#include <cctype>

#include "probes/graphql/decode.h"

namespace deadcalm::probes::appsync {
namespace {

// GraphQL §2.1.9: letters, digits and _, not a digit first. It becomes part of the operations.
bool is_name(std::string_view text) {
  const auto letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
  return !text.empty() && letter(static_cast<unsigned char>(text[0])) &&
         std::ranges::all_of(text, [&](unsigned char c) { return letter(c) || std::isdigit(c) != 0; });
}

std::string name_of(config::Reader& reader, std::string_view key, std::string name) {
  if (is_name(name) || name.empty()) return name;
  reader.fault(key, "not a name of GraphQL", "letters, digits and _, as in the schema: Canary");
  return {};
}

}  // namespace

AppsyncOptions decode_appsync(config::Reader& reader) {
  AppsyncOptions options;
  options.caller = graphql::decode_caller(reader);
  options.model = name_of(reader, "model", reader.text("model"));
  options.field = name_of(reader, "field", reader.text("field", "token"));
  options.others = reader.value("fields", config::canary_names());
  if (options.others && !std::holds_alternative<config::ValueMap>(options.others->data)) {
    reader.fault("fields", "must be a map: the name of each field and its value");
    options.others.reset();
  }
  return options;
}

}  // namespace deadcalm::probes::appsync
