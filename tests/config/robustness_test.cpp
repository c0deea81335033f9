// Whatever the text: no crash, and either options without faults or faults that say why.
#include <catch2/catch.hpp>

#include "tests/config/surroundings.h"

using namespace deadcalm;

namespace {

// True if the outcome makes sense.
bool sensible(const std::string& text) {
  const config::Loaded loaded = tests::load(text);
  if (loaded.ok()) return !loaded.faults.any();
  return loaded.faults.any() && !loaded.faults.text().empty();
}

std::string everything() {
  return tests::content(tests::data_folder() / "good/everything.yaml");
}

}  // namespace

TEST_CASE("a file cut off anywhere loads or is refused") {
  const std::string good = everything();
  for (std::size_t length = 0; length < good.size(); ++length) {
    INFO(length);
    REQUIRE(sensible(good.substr(0, length)));
  }
}

TEST_CASE("a file with any one byte changed loads or is refused") {
  const std::string good = everything();
  const std::string other = "\t\n{}[]:,\"'&*!|>%@`#-?$\\ \x01\x80\xff";
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = other[at % other.size()];
    INFO(at << " becomes " << static_cast<int>(changed[at]));
    REQUIRE(sensible(changed));
  }
}

TEST_CASE("a file with any one line left out loads or is refused") {
  const std::string good = everything();
  for (std::size_t start = 0; start < good.size();) {
    const std::size_t end = good.find('\n', start) + 1;
    INFO(start);
    REQUIRE(sensible(good.substr(0, start) + good.substr(end)));
    start = end;
  }
}

TEST_CASE("every section may be of any kind") {
  for (const char* key : {"site", "store", "web", "log", "canary_key", "canary_key_file", "deadman",
                          "anchors", "defaults", "services", "channels", "escalations"}) {
    for (const char* value :
         {"", "~", "x", "yes", "[]", "{}", "[[]]", "[{}]", "[~]", "[x]", "{ a: b }", "\"\"", "\"${X}\"",
          "[{ name: [] }]", "[{ name: a, type: {}, write: [[]], steps: ~ }]"}) {
      INFO(key << ": " << value);
      CHECK(sensible(std::string(key) + ": " + value + "\n"));
    }
  }
}

TEST_CASE("unfinished YAML of every kind is refused without a crash") {
  for (const char* text : {"{",
                           "[",
                           "\"",
                           "'",
                           "|",
                           ">",
                           "&",
                           "*",
                           "!",
                           "!<",
                           "%",
                           "%YAML",
                           "%YAML 9.9\n---\na: 1",
                           "---",
                           "...",
                           "-",
                           "- -",
                           "?",
                           "? ",
                           ":",
                           ": :",
                           "a: &a *a",
                           "a: &a",
                           "a: !",
                           "{a",
                           "{a:",
                           "[a,",
                           "{[",
                           "a: |9\n x",
                           "a: |-+\n x",
                           "\xef\xbb\xbf",
                           "\xef\xbb\xbf"
                           "a",
                           "a\r",
                           "\r\n",
                           "a: \"\\x\"",
                           "a: \"\\U11000000\"",
                           "? - a\n: b",
                           "- a\nb: c",
                           "a: b\n- c",
                           "{a: b}}",
                           "a: {b: [c}",
                           "&a a: *a"}) {
    INFO(text);
    CHECK(sensible(text));
  }
}
