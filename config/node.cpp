#include "config/node.h"

#include <algorithm>

namespace deadcalm::config {
namespace {

bool is_word(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Path Path::key(std::string name) const {
  Path path;
  path.last_ = std::make_shared<const Part>(Part{last_, std::move(name), 0});
  return path;
}

Path Path::item(std::size_t index) const {
  Path path;
  path.last_ = std::make_shared<const Part>(Part{last_, {}, index});
  return path;
}

std::string Path::text() const {
  std::vector<const Part*> parts;
  for (const Part* part = last_.get(); part != nullptr; part = part->parent.get()) parts.push_back(part);
  std::string text;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const std::string& key = (*part)->key;
    if (key.empty()) {
      text += '[' + std::to_string((*part)->index) + ']';
    } else if (is_word(key)) {
      if (!text.empty()) text += '.';
      text += key;
    } else {
      text += "[\"" + key + "\"]";
    }
  }
  return text;
}

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::scalar: return "text";
    case Kind::sequence: return "a list";
    case Kind::map: return "a map";
  }
  return "nothing";
}

const Entry* Node::entry(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &*found;
}

const Node* Node::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

}  // namespace deadcalm::config
