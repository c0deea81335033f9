#include "config/yaml.h"

#include <catch2/catch.hpp>
#include <memory>

using namespace deadcalm::config;

namespace {

struct Parsed {
  std::optional<Node> tree;
  std::string faults;
};

Parsed parse(const std::string& text) {
  const auto source = std::make_shared<const Source>(Source{"f.yaml", text});
  Faults faults(source);
  auto tree = parse_yaml(*source, faults);
  return {std::move(tree), faults.text()};
}

}  // namespace

TEST_CASE("every part of the tree knows its place and its path") {
  const Parsed parsed =
      parse("services:\n  - name: orders\n    write:\n      - { type: http, url: \"x\" }\n");
  REQUIRE(parsed.faults == "");
  const Node& write = *parsed.tree->find("services")->items.at(0).find("write");
  const Node& url = *write.items.at(0).find("url");
  CHECK(url.path.text() == "services[0].write[0].url");
  CHECK(url.mark == Mark{4, 28});
  CHECK(url.quoted);
  CHECK(write.items.at(0).entry("url")->mark == Mark{4, 23});
  CHECK_FALSE(write.items.at(0).find("type")->quoted);
  CHECK(parsed.tree->path.text() == "");
}

TEST_CASE("keys that are no words are quoted in a path") {
  const Parsed parsed = parse("json:\n  $.data.id: 5\n");
  CHECK(parsed.tree->find("json")->entries.at(0).value.path.text() == "json[\"$.data.id\"]");
}

TEST_CASE("scalars are kept as they were written") {
  const Parsed parsed =
      parse("a: 0123\nb: 'it''s'\nc: |\n  two\n  lines\nd: >-\n  one\n  line\ne: 1.10\nf: \"\\u00fc\"\n");
  REQUIRE(parsed.faults == "");
  CHECK(parsed.tree->find("a")->text == "0123");
  CHECK(parsed.tree->find("b")->text == "it's");
  CHECK(parsed.tree->find("c")->text == "two\nlines\n");
  CHECK(parsed.tree->find("c")->quoted);
  CHECK(parsed.tree->find("d")->text == "one line");
  CHECK(parsed.tree->find("e")->text == "1.10");
  CHECK(parsed.tree->find("f")->text == "\xc3\xbc");
}

TEST_CASE("maps keep the order of the file") {
  const Parsed parsed = parse("headers: { b: 1, a: 2, c: 3 }\n");
  std::string order;
  for (const Entry& entry : parsed.tree->find("headers")->entries) order += entry.key;
  CHECK(order == "bac");
}

TEST_CASE("an alias is a copy that hangs where it is used and stands where it was written") {
  const Parsed parsed = parse("a: &x { k: [1, 2] }\nb: *x\n");
  REQUIRE(parsed.faults == "");
  const Node& copy = parsed.tree->find("b")->find("k")->items.at(1);
  CHECK(copy.path.text() == "b.k[1]");
  CHECK(copy.mark == Mark{1, 16});
}

TEST_CASE("a value left out is found at its key, not at what comes next") {
  const Parsed parsed = parse("a:\nb: [1, , 2]\nc: null\n");
  CHECK(parsed.tree->find("a")->kind == Kind::null);
  CHECK(parsed.tree->find("a")->mark == Mark{1, 1});
  CHECK(parsed.tree->find("c")->mark == Mark{3, 1});
}

TEST_CASE("what is refused is left out of the tree, and the rest is still there") {
  const Parsed parsed = parse("a: 1\na: 2\nb: { <<: { x: 1 }, y: 2 }\n? [k]\n: { deep: [1] }\nc: 3\n");
  REQUIRE(parsed.tree);
  CHECK(parsed.tree->find("a")->text == "1");
  CHECK(parsed.tree->find("b")->entries.size() == 1);
  CHECK(parsed.tree->find("c")->text == "3");
  CHECK(parsed.tree->entries.size() == 3);
}

TEST_CASE("Windows line ends and a tab behind a value are fine") {
  const Parsed parsed = parse("a: 1\r\nb:\tx\t# why\r\nc:\r\n  - y\r\n");
  CHECK(parsed.faults == "");
  CHECK(parsed.tree->find("b")->text == "x");
  CHECK(parsed.tree->find("c")->items.at(0).text == "y");
}

TEST_CASE("an alias bomb costs neither time nor memory") {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before(1, static_cast<char>(c - 1)), name(1, c);
    bomb += name + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) bomb += (i == 0 ? "*" : ", *") + before;
    bomb += "]\n";
  }
  const Parsed parsed = parse(bomb);
  CHECK_FALSE(parsed.tree);
  CHECK(parsed.faults.find("more than 200000 values, aliases expanded") != std::string::npos);
}

TEST_CASE("aliases cannot nest past the depth limit either") {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 70; ++i) {
    const std::string n = std::to_string(i);
    text += "a" + n + ": &a" + n + " [*a" + std::to_string(i - 1) + "]\n";
  }
  CHECK(parse(text).faults.find("nested deeper than 64 levels") != std::string::npos);
}

TEST_CASE("a flow list of hundred thousand values on one line is read in good time") {
  std::string text = "a: [x";
  for (int i = 0; i < 100'000; ++i) text += ", x";
  const Parsed parsed = parse(text + "]\n");
  CHECK(parsed.faults == "");
  CHECK(parsed.tree->find("a")->items.size() == 100'001);
}
