#pragma once
// What yaml-cpp says badly or not at all, found in the text itself. Pure.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/node.h"

namespace deadcalm::config {

// Offset of the first byte that is not UTF-8 (or is a NUL); nullopt: the text is good.
std::optional<std::size_t> first_bad_byte(std::string_view text);

// Place of byte `offset`. Scans from the start.
Mark mark_of(std::string_view text, std::size_t offset);

// Does white space with a tab in it lead from the start of the line to `offset`, which is in column
// `column`? YAML forbids that, and yaml-cpp reads some of it as part of a text.
bool indented_with_tab(std::string_view text, std::size_t offset, int column);

// Does a quoted scalar start at `offset` (behind anchors) and never end? yaml-cpp takes the rest of
// the file then and says nothing.
bool quote_left_open(std::string_view text, std::size_t offset);

// Is `offset` the word null or ~? If not, the null that YAML reports there was left out.
bool null_written(std::string_view text, std::size_t offset);

struct Advice {
  Mark mark;
  std::string message, hint;
};

// Says in our words what a YAML syntax error at `offset` means. `last_plain` is the offset of the
// last unquoted text read before it, npos if none; `open_bracket` the innermost { or [ still open.
Advice explain_syntax_error(std::string_view text, std::size_t offset, std::string_view yaml_message,
                            std::size_t last_plain, std::string_view last_plain_text,
                            std::optional<Mark> open_bracket);

}  // namespace deadcalm::config
