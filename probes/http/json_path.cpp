#include "probes/http/json_path.h"

#include <charconv>

namespace deadcalm::probes::http {
namespace {

// RFC 9535 §2.5.1: a name without quotes starts with a letter, "_" or any non-ASCII character.
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool in_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

struct Scanner {
  std::string_view text;
  std::size_t at = 0;

  bool done() const { return at == text.size(); }
  char peek() const { return done() ? '\0' : text[at]; }
  std::unexpected<model::Error> error(const std::string& wanted) const {
    return model::fail(model::ErrorKind::bad_input, "not a path to one value: \"" + std::string(text) +
                                                        "\": at character " + std::to_string(at + 1) + " " +
                                                        wanted);
  }

  model::Result<std::string> name() {
    if (!starts_name(peek())) {
      if (peek() == '*' || peek() == '.') return error("there must be one name; wildcards are not supported");
      return error("there must be a name");
    }
    const std::size_t start = at;
    while (!done() && in_name(text[at])) ++at;
    return std::string(text.substr(start, at - start));
  }

  model::Result<std::string> quoted() {
    const char quote = text[at++];
    std::string out;
    while (!done() && text[at] != quote) {
      if (text[at] == '\\' && at + 1 < text.size()) {
        const char escaped = text[at + 1];
        if (escaped != quote && escaped != '\\' && escaped != '/')
          return error("has an escape that is not supported");
        ++at;
      }
      out += text[at++];
    }
    if (done()) return error("the quote is not closed");
    ++at;
    return out;
  }

  model::Result<std::int64_t> index() {
    const std::size_t start = at;
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    at = static_cast<std::size_t>(end - text.data());
    const std::string_view digits = text.substr(start, at - start);
    const bool leading_zero = (digits.size() > 1 && digits[0] == '0') || digits.starts_with("-0");
    if (code != std::errc{} || leading_zero) {
      at = start;
      return error(
          "there must be a number or a quoted name; slices, filters and wildcards are not supported");
    }
    return value;
  }
};

}  // namespace

model::Result<JsonPath> JsonPath::parse(std::string_view text) {
  Scanner scan{text};
  if (scan.peek() != '$') return scan.error("there must be $, the whole document");
  ++scan.at;
  JsonPath path;
  path.text_ = std::string(text);
  while (!scan.done()) {
    if (scan.peek() == '.') {
      ++scan.at;
      auto name = scan.name();
      if (!name) return std::unexpected(name.error());
      path.steps_.emplace_back(*std::move(name));
    } else if (scan.peek() == '[') {
      ++scan.at;
      if (scan.peek() == '\'' || scan.peek() == '"') {
        auto name = scan.quoted();
        if (!name) return std::unexpected(name.error());
        path.steps_.emplace_back(*std::move(name));
      } else {
        const auto index = scan.index();
        if (!index) return std::unexpected(index.error());
        path.steps_.emplace_back(*index);
      }
      if (scan.peek() != ']') return scan.error("there must be ]");
      ++scan.at;
    } else {
      return scan.error("there must be . or [");
    }
  }
  return path;
}

const boost::json::value* JsonPath::find(const boost::json::value& document) const {
  const boost::json::value* place = &document;
  for (const auto& step : steps_) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      const auto* object = place->if_object();
      place = object != nullptr ? object->if_contains(*name) : nullptr;
    } else {
      const auto* array = place->if_array();
      if (array == nullptr) return nullptr;
      std::int64_t index = std::get<std::int64_t>(step);
      if (index < 0) index += static_cast<std::int64_t>(array->size());
      place = index < 0 ? nullptr : array->if_contains(static_cast<std::size_t>(index));
    }
    if (place == nullptr) return nullptr;
  }
  return place;
}

}  // namespace deadcalm::probes::http
