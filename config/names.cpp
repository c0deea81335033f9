#include <algorithm>

#include "config/decode.h"

namespace deadcalm::config {
namespace {

constexpr std::size_t kLongest = 63;  // names stand in DNS labels, file names and metrics

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongest && is_lower_or_digit(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

// "Orders API" -> "orders-api".
std::string as_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (is_lower_or_digit(lower)) {
      name += lower;
    } else if (!name.empty() && !name.ends_with('-')) {
      name += '-';
    }
  }
  name.resize(std::min(name.size(), kLongest));
  while (name.ends_with('-')) name.pop_back();
  return name;
}

}  // namespace

std::string read_name(Reader& reader, Taken& taken) {
  std::string name = reader.text("name");
  if (name.empty()) return name;
  if (!is_name(name)) {
    const std::string proposal = as_name(name);
    reader.fault("name", "a name has up to 63 of a-z, 0-9 and -, and starts with a letter or digit",
                 proposal.empty() ? "" : "did you mean \"" + proposal + "\"?");
    return {};
  }
  const auto [first, is_new] = taken.try_emplace(name, reader.self().find("name")->mark);
  if (is_new) return name;
  reader.fault("name", '"' + name + "\" is already the name of another, in line " +
                           std::to_string(first->second.line));
  return {};
}

void check_type(Reader& reader, const std::string& type, const std::vector<std::string>& known) {
  if (type.empty() || std::ranges::find(known, type) != known.end()) return;
  std::string hint = did_you_mean(type, known);
  if (hint.empty()) {
    for (const std::string& word : known) hint += (hint.empty() ? "known here: " : ", ") + word;
  }
  reader.fault("type", "unknown type \"" + type + '"', hint);
}

}  // namespace deadcalm::config
