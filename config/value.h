#pragma once
// A free-form part of the configuration (a JSON body, GraphQL variables) as typed values. Texts keep
// their run-time names, so whoever renders them to JSON quotes each text whole and no value can
// break out of it.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/context.h"
#include "config/node.h"
#include "config/template.h"

namespace deadcalm::config {

struct Value;
struct NamedValue;
using ValueList = std::vector<Value>;
using ValueMap = std::vector<NamedValue>;  // in file order, keys unique

struct Value {
  // null, true/false, whole number, other number, text, list, map
  std::variant<std::monostate, bool, std::int64_t, double, Template, ValueList, ValueMap> data;
};

struct NamedValue {
  std::string key;
  Value value;
};

// Quoted scalars are text. Plain ones are numbers (as JSON writes them), true, false, null, else
// text; a plain text that YAML 1.1 reads as something else (yes, 0123, 1:30) is a fault. nullopt
// after a fault anywhere in it; all of them are added.
std::optional<Value> read_value(const Node& node, const RunTimeNames& allowed, Context& context);

}  // namespace deadcalm::config
