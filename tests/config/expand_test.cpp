#include "config/expand.h"

#include <catch2/catch.hpp>

#include "tests/config/surroundings.h"

using namespace deadcalm;
using config::expand;

namespace {

struct Case {
  std::string text, result, problem, hint;
};

config::Expanded expanded(const std::string& text, const config::RunTimeNames& allowed = config::no_names()) {
  return expand(text, allowed, tests::machine(), "/etc/deadcalm");
}

}  // namespace

TEST_CASE("references are filled in, everything else stays") {
  const Case cases[] = {
      {"plain", "plain", "", ""},
      {"", "", "", ""},
      {"${PORT}", "8080", "", ""},
      {"http://x:${PORT}/", "http://x:8080/", "", ""},
      {"${PORT}${PORT}", "80808080", "", ""},
      {"${file:/run/secrets/pd}", "pd-from-file", "", ""},
      {"${file:secrets/slack}", "https://hooks.example.com/T0/B0", "", ""},
      {"$$", "$", "", ""},
      {"$${PORT}", "${PORT}", "", ""},
      {"$$${PORT}", "$8080", "", ""},
      {"id = $1", "id = $1", "", ""},
      {"$.data[0]", "$.data[0]", "", ""},
      {"50$", "50$", "", ""},
      {"${PROT}", "", "environment variable PROT is not set", "did you mean \"PORT\"?"},
      {"${NOWHERE}", "", "environment variable NOWHERE is not set", ""},
      {"a${file:/run/secrets/x}b", "ab", "cannot read /run/secrets/x: No such file or directory", ""},
      {"${file:}", "", "${file:} names no file", "write ${file:/run/secrets/name}"},
      {"${}", "", "${} names nothing", "write $${ for a plain ${"},
      {"a${PORT", "a", "${ is never closed", "write $${ for a plain ${"},
      {"${canary.id}", "", "${canary.id} is not available here", ""},
      {"${window}", "", "${window} is not available here", ""},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const config::Expanded result = expanded(c.text);
    CHECK(result.text.literal() == c.result);
    CHECK(result.problems.size() == (c.problem.empty() ? 0 : 1));
    if (!result.problems.empty()) {
      CHECK(result.problems[0].message == c.problem);
      CHECK(result.problems[0].hint == c.hint);
    }
  }
}

TEST_CASE("run-time names are kept where they are allowed") {
  const config::Expanded result = expanded("${PORT}/${canary.id}?t=${step.token}", {{"canary.id", "step.*"}});
  REQUIRE(result.problems.empty());
  CHECK_FALSE(result.text.is_literal());
  CHECK(result.text.names() == std::vector<std::string>{"canary.id", "step.token"});
  CHECK(result.text.literal() == "8080/${canary.id}?t=${step.token}");
  CHECK(result.text.render([](std::string_view name) { return "<" + std::string(name) + ">"; }) ==
        "8080/<canary.id>?t=<step.token>");
}

TEST_CASE("a value that looks like a reference is not filled in again") {
  config::Environment machine = tests::machine();
  machine.variables["TRICK"] = "${canary.id}$$";
  const config::Expanded result = expand("${TRICK}$${canary.id}", config::canary_names(), machine, "");
  CHECK(result.text.is_literal());
  CHECK(result.text.literal() == "${canary.id}$$${canary.id}");
}

TEST_CASE("misspelt run-time names are told what they might be") {
  CHECK(expanded("${canary.tokn}", config::canary_names()).problems.at(0).hint ==
        "did you mean \"canary.token\"?");
  CHECK(expanded("${windw}", config::traffic_names()).problems.at(0).hint == "did you mean \"window\"?");
  CHECK(expanded("${run.number}", config::traffic_names()).problems.at(0).hint ==
        "known here: ${window}, ${since}");
}

TEST_CASE("what came from outside is remembered for masking") {
  CHECK(expanded("x${PORT}y${file:/run/secrets/pd}").fetched ==
        std::vector<std::string>{"8080", "pd-from-file"});
}

TEST_CASE("several problems of one text are all found") {
  CHECK(expanded("${NOWHERE} ${canary.id} ${}").problems.size() == 3);
}

TEST_CASE("references are listed as they stand") {
  CHECK(config::references("a${X}$${Y}${z.w}") == std::vector<std::string_view>{"X", "z.w"});
  CHECK(config::has_reference("$a${X}"));
  CHECK_FALSE(config::has_reference("$${X} $1 $"));
}
