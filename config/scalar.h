#pragma once
// From one scalar node to a value. Each function adds its faults and gives nullopt then; none throws.
#include <cstdint>
#include <optional>
#include <string>

#include "config/context.h"
#include "config/expand.h"
#include "config/node.h"
#include "model/time.h"

namespace deadcalm::config {

// Text with its references filled in; run-time names of `allowed` are kept. A plain text that YAML
// 1.1 reads as something else (yes, 0123, 1:30) is refused: only quotes say what is meant.
std::optional<Template> read_template(const Node& node, const RunTimeNames& allowed, Context& context);
std::optional<std::string> read_text(const Node& node, Context& context);

// "250ms", "10s", "5m", "1h30m", "30d".
std::optional<model::Millis> read_duration(const Node& node, Context& context);

std::optional<std::int64_t> read_integer(const Node& node, Context& context);
std::optional<double> read_number(const Node& node, Context& context);  // finite
std::optional<bool> read_boolean(const Node& node, Context& context);   // true or false, nothing else

// What is wrong with an unquoted text, if YAML 1.1 would not read it as text. Pure.
std::optional<Problem> yaml11_surprise(std::string_view plain);

}  // namespace deadcalm::config
