#include "config/syntax.h"

#include <algorithm>
#include <array>

namespace deadcalm::config {
namespace {

constexpr auto kNone = std::string_view::npos;

std::size_t line_start(std::string_view text, std::size_t offset) {
  if (offset == 0) return 0;
  const std::size_t end = text.rfind('\n', std::min(offset, text.size()) - 1);
  return end == kNone ? 0 : end + 1;
}

std::string_view line_at(std::string_view text, std::size_t offset) {
  const std::size_t start = line_start(text, offset);
  return text.substr(start, text.substr(start).find('\n'));
}

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == kNone) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// The start of the value behind `&anchor`; yaml-cpp's mark is the anchor's.
std::size_t skip_anchor(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || text[offset] != '&') return offset;
  const std::size_t end = text.find_first_of(" \t\r\n", offset);
  const std::size_t next = end == kNone ? kNone : text.find_first_not_of(" \t", end);
  return next == kNone ? text.size() : next;
}

// How many bytes a character has that starts with `lead`; 0: none starts so.
std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

// Shorter forms of the same character, UTF-16 halves and what lies past U+10FFFF.
bool is_overlong_or_outside(unsigned char lead, unsigned char second) {
  return (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
         (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
}

struct Phrase {
  std::string_view from_yaml, message, hint;
};
constexpr std::array kPhrases{
    Phrase{"illegal map value", "a \": \" is not expected here",
           "quote a text that contains one, and check the indentation"},
    Phrase{"end of map not found", "this does not continue the map above",
           "check the indentation and the quotes"},
    Phrase{"end of sequence not found", "this does not continue the list above",
           "check the indentation and the quotes"},
    Phrase{"illegal flow end", "this } or ] closes nothing", ""},
    Phrase{"illegal block entry", "a \"- \" is not expected here", "start the list on a line of its own"},
    Phrase{"the referenced anchor is not defined", "no &anchor of this name comes before",
           "quote a text that starts with *"},
    Phrase{"unknown token", "a text cannot start with this character", "put it in quotes"},
};

}  // namespace

std::optional<std::size_t> first_bad_byte(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(byte(at));
    if (length == 0 || byte(at) == 0 || at + length > text.size()) return at;
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(at + i) & 0xc0U) != 0x80U) return at;
    }
    if (length > 2 && is_overlong_or_outside(byte(at), byte(at + 1))) return at;
    at += length;
  }
  return std::nullopt;
}

Mark mark_of(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  const auto lines = std::ranges::count(text.substr(0, offset), '\n');
  return {static_cast<int>(lines) + 1, static_cast<int>(offset - line_start(text, offset)) + 1};
}

bool indented_with_tab(std::string_view text, std::size_t offset, int column) {
  const auto width = static_cast<std::size_t>(column - 1);
  if (offset > text.size() || width > offset) return false;
  const std::string_view before = text.substr(offset - width, width);
  return before.find_first_not_of(" \t") == kNone && before.find('\t') != kNone;
}

bool quote_left_open(std::string_view text, std::size_t offset) {
  offset = skip_anchor(text, offset);
  if (offset >= text.size()) return false;
  const char quote = text[offset];
  if (quote != '"' && quote != '\'') return false;
  for (std::size_t at = offset + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return false;
      ++at;  // '' is one quote inside single quotes
    }
  }
  return true;
}

bool null_written(std::string_view text, std::size_t offset) {
  offset = skip_anchor(text, offset);
  const std::string_view rest = text.substr(std::min(offset, text.size()));
  if (rest.starts_with('~')) return true;
  return rest.starts_with("null") || rest.starts_with("Null") || rest.starts_with("NULL");
}

Advice explain_syntax_error(std::string_view text, std::size_t offset, std::string_view yaml_message,
                            std::size_t last_plain, std::string_view last_plain_text,
                            std::optional<Mark> open_bracket) {
  offset = std::min(offset, text.size());
  // `{ bearer: ${X} }`: YAML reads the text "$" and then a second map.
  if (last_plain != kNone && last_plain_text.ends_with('$')) {
    const std::size_t behind = last_plain + last_plain_text.size();
    if (behind < text.size() && text[behind] == '{') {
      return {mark_of(text, last_plain), "${...} inside { } or [ ] must be in quotes",
              "write \"" + std::string(last_plain_text) + "{NAME}\""};
    }
  }
  for (std::size_t start = line_start(text, offset), lines = 0; lines < 2; ++lines) {
    const std::size_t first = text.find_first_not_of(" \t", start);
    const std::size_t tab = text.find('\t', start);
    if (tab < first) return {mark_of(text, tab), "a tab cannot indent YAML", "use spaces"};
    if (start == 0) break;
    start = line_start(text, start - 1);
  }
  // "a:b" on the line above makes a text of both lines, and the error shows only at the next colon.
  if (yaml_message == "illegal map value" && line_start(text, offset) > 0) {
    const std::size_t above_start = line_start(text, line_start(text, offset) - 1);
    const std::string_view above = trimmed(line_at(text, above_start));
    if (!above.starts_with('#') && above.find(": ") == kNone && !above.ends_with(':')) {
      return {mark_of(text, std::min(text.find_first_not_of(" \t", above_start), offset)),
              "this is no \"key: value\"",
              above.find(':') == kNone ? "a colon is missing" : "a space is missing after the colon"};
    }
  }
  if (yaml_message.contains("flow not found") && open_bracket) {
    if (offset == text.size()) return {*open_bracket, "this bracket is never closed", {}};
    return {mark_of(text, offset),
            "the bracket opened in line " + std::to_string(open_bracket->line) + ", column " +
                std::to_string(open_bracket->column) + " is not closed, or a comma is missing before this",
            {}};
  }
  for (const Phrase& phrase : kPhrases) {
    if (yaml_message == phrase.from_yaml) {
      return {mark_of(text, offset), std::string(phrase.message), std::string(phrase.hint)};
    }
  }
  return {mark_of(text, offset), "not YAML: " + std::string(yaml_message), {}};
}

}  // namespace deadcalm::config
