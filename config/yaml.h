#pragma once
// YAML text to located tree. yaml.cpp is the only file that knows yaml-cpp.
#include <optional>
#include <string>

#include "config/faults.h"
#include "config/node.h"
#include "config/source.h"

namespace deadcalm::config {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20U;

// The one document of `source`. nullopt with a fault: not UTF-8, not YAML, empty, too deep or too
// big. Faults that leave a tree to go on with (duplicate keys, tags, tabs) are added and the tree is
// still given, without the refused parts. Never throws on user input.
std::optional<Node> parse_yaml(const Source& source, Faults& faults);

}  // namespace deadcalm::config
