#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "config/syntax.h"
#include "config/tree_builder.h"

namespace deadcalm::config {
namespace {

// Marks of yaml-cpp count from 0, and its end of file lies one past the last byte.
Mark from_yaml(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}
std::size_t offset_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(std::max(mark.pos, 0));
}

// Events rather than YAML::Load: Load drops duplicate keys and reports aliases at their anchor.
class Events final : public YAML::EventHandler {
 public:
  explicit Events(TreeBuilder& tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    tree_.start_document(offset_of(mark), from_yaml(mark));
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    tree_.null(offset_of(mark), from_yaml(mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    tree_.alias(from_yaml(mark), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    // yaml-cpp gives quoted texts and blocks the tag "!", plain ones "?".
    tree_.scalar(offset_of(mark), from_yaml(mark), anchor, value, tag == "!");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    refuse_tag(mark, tag);
    tree_.begin(Kind::sequence, offset_of(mark), from_yaml(mark), anchor);
  }
  void OnSequenceEnd() override { tree_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    refuse_tag(mark, tag);
    tree_.begin(Kind::map, offset_of(mark), from_yaml(mark), anchor);
  }
  void OnMapEnd() override { tree_.end(); }

 private:
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") tree_.tag(from_yaml(mark), tag);
  }

  TreeBuilder& tree_;
};

void add_syntax_error(const Source& source, const YAML::Exception& error, const TreeBuilder& tree,
                      Faults& faults) {
  const Advice advice =
      explain_syntax_error(source.text, offset_of(error.mark), error.msg, tree.last_plain_offset(),
                           tree.last_plain_text(), tree.open_bracket());
  faults.add(advice.mark, {}, advice.message, advice.hint);
}

}  // namespace

std::optional<Node> parse_yaml(const Source& source, Faults& faults) {
  if (source.text.size() > kMaxFileBytes) {
    faults.add(Mark{}, {}, "the file is larger than 16 MiB");
    return std::nullopt;
  }
  if (const auto bad = first_bad_byte(source.text)) {
    faults.add(mark_of(source.text, *bad), {}, "this is not UTF-8 text");
    return std::nullopt;
  }
  TreeBuilder tree(source, faults);
  try {
    std::istringstream in(source.text);
    YAML::Parser parser(in);
    Events events(tree);
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const StopParsing&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    add_syntax_error(source, error, tree, faults);
    return std::nullopt;
  }
  if (!tree.had_document())
    faults.add(Mark{}, {}, "the file says nothing", "it needs at least \"services:\"");
  return tree.take();
}

}  // namespace deadcalm::config
