#pragma once
// One request of a transaction, as configured: texts with run-time names, expectations, captures.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/secret_source.h"
#include "config/template.h"
#include "config/value.h"
#include "probes/canary.h"
#include "probes/http/assertion.h"

namespace deadcalm::probes::http {

// What ${name} means: the names of one canary. Nothing captured in one cycle may name a record, because
// the kept record of the cycle before is read and removed as well.
struct Names {
  const Canary& canary;
  std::string operator()(std::string_view name) const;
};

// A body given as a YAML map: only its texts are templates, so a value can never break the quoting. A
// text that is nothing but ${canary.int} becomes a number: databases are strict about types.
std::string render_json(const config::Value& body, const Names& names);

// Where the server's own id is in its answer to a plant.
struct Capture {
  std::optional<JsonPath> path;  // of the body; else
  std::string header;            // of a header, in lower case
};

struct Step {
  std::string method;
  config::Template url;
  std::vector<std::pair<std::string, config::Template>> headers;
  std::optional<config::Value> json;
  config::Template raw;  // body as it stands, when json is not given
  Expect expect;
  std::optional<Capture> id;  // plant only: the server assigns the id
};

struct Auth {
  enum class Kind { none, bearer, basic, header };
  Kind kind = Kind::none;
  std::string name;             // user for basic, header name for header
  config::SecretSource secret;  // read again when a server refuses it
};

// The header that carries it.
std::optional<std::pair<std::string, std::string>> auth_header(const Auth& auth);

}  // namespace deadcalm::probes::http
