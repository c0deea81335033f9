#pragma once
// Builds the located tree from parse events and refuses what YAML allows and we do not: tags, merge
// keys, duplicate and odd keys, a second document, depth and size without bound. Knows no YAML
// library; yaml.cpp feeds it.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/faults.h"
#include "config/node.h"

namespace deadcalm::config {

// Thrown to leave the parser when going on would be pointless; the fault is already noted.
struct StopParsing {};

class TreeBuilder {
 public:
  static constexpr std::size_t kDepth = 64;
  static constexpr std::size_t kNodes = 200'000;  // with aliases expanded: a bomb ends here
  static constexpr std::size_t kKeyBytes = 200;

  using Anchor = std::uint64_t;  // 0: none

  TreeBuilder(const Source& source, Faults& faults) : source_(source), faults_(faults) {}

  // `offset` is the byte in the source where the event begins.
  void start_document(std::size_t offset, Mark mark);
  void null(std::size_t offset, Mark mark, Anchor anchor);
  void scalar(std::size_t offset, Mark mark, Anchor anchor, std::string text, bool quoted);
  void alias(Mark mark, Anchor anchor);
  void begin(Kind kind, std::size_t offset, Mark mark, Anchor anchor);
  void end();
  void tag(Mark mark, std::string_view tag);

  bool had_document() const { return documents_ > 0; }
  std::optional<Node> take() { return std::move(root_); }

  // For explain_syntax_error.
  std::optional<Mark> open_bracket() const;  // the innermost { or [ not closed yet
  std::size_t last_plain_offset() const { return last_plain_offset_; }
  const std::string& last_plain_text() const { return last_plain_text_; }

 private:
  struct Open {
    Node node;
    Anchor anchor = 0;
    std::size_t offset = 0;
    bool key_read = false;  // map: the next event is a value
    bool key_kept = false;  // false: a refused key, whose value is dropped too
    std::string key;
    Mark key_mark;
    bool is_key = false;  // a list or a map where a key should be: read and dropped
    std::map<std::string, Mark, std::less<>> keys;
    std::size_t nodes = 1;
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 1;
  };

  bool expects_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().key_read; }
  void read_key(Mark mark, std::string text, bool quoted);
  void refuse_key(Mark mark, std::string message, std::string_view hint);
  void refuse_tabs(std::size_t offset, Mark mark);
  Mark place_of_null(std::size_t offset, Mark mark) const;
  Path next_path() const;
  void attach(Node node, Anchor anchor, std::size_t nodes);
  void count(Mark mark, std::size_t nodes);
  [[noreturn]] void stop_too_deep(Mark mark);

  const Source& source_;
  Faults& faults_;
  std::vector<Open> open_;
  std::map<Anchor, Anchored> anchors_;
  std::optional<Node> root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
  std::size_t last_plain_offset_ = std::string::npos;
  std::string last_plain_text_;
};

}  // namespace deadcalm::config
