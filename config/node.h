#pragma once
// The located tree: what a YAML text says, each part with its place. Everything after yaml.cpp reads
// this and nothing else, so a fault can always name file, line and column. Values own their children;
// copies are deep and independent of the file's text.
#include <compare>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deadcalm::config {

// A place in the source. Columns count bytes; faults show them as characters.
struct Mark {
  int line = 1;    // from 1
  int column = 1;  // from 1
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

// Where a node hangs in the tree. A copy costs one pointer; the text is made when somebody asks.
class Path {
 public:
  Path() = default;  // the root, "" in text
  Path key(std::string name) const;
  Path item(std::size_t index) const;

  // "services[0].write[1].url"; keys that are no plain words are quoted: `json["$.data.id"]`.
  std::string text() const;

 private:
  struct Part {
    std::shared_ptr<const Part> parent;
    std::string key;  // empty: an item
    std::size_t index = 0;
  };
  std::shared_ptr<const Part> last_;
};

enum class Kind { null, scalar, sequence, map };

// For people: "nothing", "text", "a list", "a map".
std::string_view describe(Kind kind);

struct Entry;

struct Node {
  Kind kind = Kind::null;
  Mark mark;  // first character; of a value left out, its key
  Path path;
  std::string text;            // scalar: as written, unquoted and unfolded, `${...}` not expanded
  bool quoted = false;         // scalar: in quotes or a block (| or >), so certainly meant as text
  std::vector<Node> items;     // sequence
  std::vector<Entry> entries;  // map, in the order of the file; keys are unique

  bool is_map() const { return kind == Kind::map; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_scalar() const { return kind == Kind::scalar; }

  const Entry* entry(std::string_view key) const;  // nullptr: absent, or not a map
  const Node* find(std::string_view key) const;    // as entry, but its value
};

struct Entry {
  std::string key;
  Mark mark;  // of the key
  Node value;
};

}  // namespace deadcalm::config
