#include "config/tree_builder.h"

#include <algorithm>

#include "config/syntax.h"

namespace deadcalm::config {
namespace {

// Aliases bring a copy of a subtree that was built elsewhere: faults in it shall name the place of
// use as their path and the place of writing as their line.
void rehang(Node& node, const Path& path) {
  node.path = path;
  for (std::size_t i = 0; i < node.items.size(); ++i) rehang(node.items[i], path.item(i));
  for (Entry& entry : node.entries) rehang(entry.value, path.key(entry.key));
}

std::size_t depth_of(const Node& node) {
  std::size_t deepest = 0;
  for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
  for (const Entry& entry : node.entries) deepest = std::max(deepest, depth_of(entry.value));
  return deepest + 1;
}

}  // namespace

void TreeBuilder::start_document(std::size_t offset, Mark mark) {
  if (++documents_ == 1) return;
  const std::string_view text = source_.line(mark.line);
  const bool marked =
      text.starts_with("---") || (offset >= 4 && source_.text.substr(offset - 4, 4) == "---\n");
  if (marked) {
    faults_.add(mark, {}, "a second document starts here", "one file holds one document: remove the ---");
  } else {
    faults_.add(mark, {}, "this does not continue the map above", "check the indentation");
  }
  throw StopParsing{};
}

void TreeBuilder::null(std::size_t offset, Mark mark, Anchor anchor) {
  if (expects_key()) {
    refuse_key(mark, "a key cannot be empty", {});
    return;
  }
  Node node;
  node.mark = place_of_null(offset, mark);
  node.path = next_path();
  count(mark, 1);
  attach(std::move(node), anchor, 1);
}

void TreeBuilder::scalar(std::size_t offset, Mark mark, Anchor anchor, std::string text, bool quoted) {
  refuse_tabs(offset, mark);
  if (quoted && quote_left_open(source_.text, offset)) {
    faults_.add(mark, {}, "the quote opened here is never closed");
    throw StopParsing{};
  }
  if (!quoted) {
    last_plain_offset_ = offset;
    last_plain_text_ = text;
  }
  if (expects_key()) {
    if (anchor != 0) faults_.add(mark, {}, "a key cannot have an anchor");
    read_key(mark, std::move(text), quoted);
    return;
  }
  Node node;
  node.kind = Kind::scalar;
  node.mark = mark;
  node.path = next_path();
  node.text = std::move(text);
  node.quoted = quoted;
  count(mark, 1);
  attach(std::move(node), anchor, 1);
}

void TreeBuilder::alias(Mark mark, Anchor anchor) {
  if (expects_key()) {
    refuse_key(mark, "an alias cannot be a key", {});
    return;
  }
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {  // still open: it would contain itself
    faults_.add(mark, next_path().text(), "this alias contains itself");
    throw StopParsing{};
  }
  count(mark, found->second.nodes);  // before the copy, so that a bomb costs nothing
  if (open_.size() + depth_of(found->second.node) > kDepth) stop_too_deep(mark);
  Node copy = found->second.node;
  rehang(copy, next_path());
  attach(std::move(copy), 0, found->second.nodes);
}

void TreeBuilder::begin(Kind kind, std::size_t offset, Mark mark, Anchor anchor) {
  refuse_tabs(offset, mark);
  Open open;
  open.anchor = anchor;
  open.offset = offset;
  open.node.kind = kind;
  open.node.mark = mark;
  open.node.path = next_path();
  if (expects_key()) {
    refuse_key(mark, "a key must be text", "a list or a map cannot name anything");
    open.is_key = true;
  }
  count(mark, 1);
  open_.push_back(std::move(open));
  if (open_.size() > kDepth) stop_too_deep(mark);
}

void TreeBuilder::end() {
  Open done = std::move(open_.back());
  open_.pop_back();
  if (!done.is_key) attach(std::move(done.node), done.anchor, done.nodes);
}

void TreeBuilder::tag(Mark mark, std::string_view tag) {
  std::string shown(tag);
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag.starts_with(kCore)) shown = "!!" + std::string(tag.substr(kCore.size()));
  faults_.add(mark, expects_key() ? std::string() : next_path().text(), "tags are not allowed: " + shown,
              "remove it, and put a text in quotes");
}

void TreeBuilder::read_key(Mark mark, std::string text, bool quoted) {
  Open& map = open_.back();
  map.key_read = true;
  map.key_kept = false;
  map.key_mark = mark;
  map.key = std::move(text);
  const std::string path = map.node.path.key(map.key).text();
  if (map.key.empty()) {
    faults_.add(mark, map.node.path.text(), "a key cannot be empty");
  } else if (map.key.size() > kKeyBytes) {
    faults_.add(mark, map.node.path.text(), "a key is longer than " + std::to_string(kKeyBytes) + " bytes");
  } else if (map.key == "<<" && !quoted) {
    faults_.add(mark, map.node.path.text(), "merge keys (<<) are not supported",
                "use \"defaults:\", or an alias for the whole value");
  } else if (const auto [first, is_new] = map.keys.try_emplace(map.key, mark); !is_new) {
    faults_.add(mark, path,
                "this key was already given in line " + std::to_string(first->second.line) + ", column " +
                    std::to_string(first->second.column));
  } else {
    map.key_kept = true;
  }
}

// A key that is no text: noted, and its value is read and dropped.
void TreeBuilder::refuse_key(Mark mark, std::string message, std::string_view hint) {
  Open& map = open_.back();
  faults_.add(mark, map.node.path.text(), std::move(message), hint);
  map.key_read = true;
  map.key_kept = false;
  map.key.clear();
  map.key_mark = mark;
}

void TreeBuilder::refuse_tabs(std::size_t offset, Mark mark) {
  if (!indented_with_tab(source_.text, offset, mark.column)) return;
  faults_.add(mark, {}, "a tab cannot indent YAML", "use spaces");
}

std::optional<Mark> TreeBuilder::open_bracket() const {
  for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
    if (open->offset < source_.text.size() && std::string_view("{[").contains(source_.text[open->offset])) {
      return open->node.mark;
    }
  }
  return std::nullopt;
}

Path TreeBuilder::next_path() const {
  if (open_.empty()) return {};
  const Open& parent = open_.back();
  if (parent.node.is_sequence()) return parent.node.path.item(parent.node.items.size());
  return parent.key_read && !parent.key.empty() ? parent.node.path.key(parent.key) : parent.node.path;
}

// The null itself where it was written. One that was left out is reported at the next thing in the
// file, which would blame the wrong line: then it is the key, or the dash or comma before it.
Mark TreeBuilder::place_of_null(std::size_t offset, Mark mark) const {
  if (open_.empty()) return mark;
  if (open_.back().node.is_map()) return open_.back().key_mark;
  if (offset == 0 || null_written(source_.text, offset)) return mark;
  const std::size_t before = source_.text.find_last_of("-,[", offset - 1);
  return before == std::string::npos ? mark : mark_of(source_.text, before);
}

void TreeBuilder::attach(Node node, Anchor anchor, std::size_t nodes) {
  if (anchor != 0) anchors_[anchor] = {node, nodes};
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  parent.nodes += nodes;
  if (parent.node.is_sequence()) {
    parent.node.items.push_back(std::move(node));
    return;
  }
  parent.key_read = false;
  if (parent.key_kept) parent.node.entries.push_back({parent.key, parent.key_mark, std::move(node)});
}

void TreeBuilder::stop_too_deep(Mark mark) {
  faults_.add(mark, {}, "nested deeper than " + std::to_string(kDepth) + " levels");
  throw StopParsing{};
}

void TreeBuilder::count(Mark mark, std::size_t nodes) {
  nodes_ += nodes;
  if (nodes_ <= kNodes) return;
  faults_.add(mark, {}, "more than " + std::to_string(kNodes) + " values, aliases expanded");
  throw StopParsing{};
}

}  // namespace deadcalm::config
