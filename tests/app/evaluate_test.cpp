// `deadcalm evaluate`: the decision table, one question a line.
#include "app/commands/evaluate.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "evaluator/table.h"

using deadcalm::app::evaluate_command;
using namespace deadcalm::model;

namespace {

struct Answer {
  int code = 0;
  std::string out, err;
};

Answer ask(const std::string& text) {
  std::istringstream in(text);
  std::ostringstream out, err;
  Answer answer;
  answer.code = evaluate_command(in, out, err);
  answer.out = out.str();
  answer.err = err.str();
  return answer;
}

constexpr const char* kFounding =
    R"({"write":"net","read_back":"fail","client":"ok","cache":"cache","age":"old","lag":"ok","beacons":"high","traffic":"silent"})";

}  // namespace

TEST_CASE("the founding case is answered exactly so") {
  const Answer a = ask(std::string(kFounding) + "\n");
  CHECK(a.out == "{\"verdict\":\"masked_outage\",\"masked\":\"yes\",\"row\":8}\n");
  CHECK(a.err.empty());
  CHECK(a.code == 0);
}

TEST_CASE("missing signals are unknown, a missing or unknown anchor is ok") {
  CHECK(ask("{}").out == "{\"verdict\":\"unknown\",\"masked\":\"unknown\",\"row\":3}\n");
  CHECK(ask(R"({"anchor":"unknown"})").out == ask("{}").out);
  CHECK(ask(R"({"anchor":"ok"})").out == ask("{}").out);
  CHECK(ask(R"({"anchor":"bad"})").out ==
        "{\"verdict\":\"monitor_blind\",\"masked\":\"unknown\",\"row\":1}\n");
  CHECK(ask(R"({"write":"ok","read_back":"ok","age":"new"})").out ==
        "{\"verdict\":\"healthy\",\"masked\":\"no\",\"row\":16}\n");
}

TEST_CASE("blank lines are skipped, the last line needs no end, Windows line ends do no harm") {
  const Answer a = ask("\n  \n{}\r\n\t\r\n {} \n{}");
  CHECK(a.code == 0);
  CHECK(a.out == ask("{}\n{}\n{}\n").out);
  CHECK(ask("").code == 0);
  CHECK(ask("").out.empty());
}

TEST_CASE("bad lines are told with their number, the others are answered") {
  struct Case {
    const char* line;
    const char* fault;
  };
  const Case cases[] = {
      {"[]", "expected an object, not a list"},
      {"\"net\"", "expected an object, not a string"},
      {"5", "expected an object, not a number"},
      {"null", "expected an object, not null"},
      {"true", "expected an object, not true or false"},
      {R"({"wirte":"net"})", "unknown key \"wirte\"; did you mean write?"},
      {R"({"Write":"net"})", "unknown key \"Write\"; did you mean write?"},
      {R"({"x":"net"})",
       "unknown key \"x\"; the keys are write, read_back, sentinel, client, cache, age, lag, beacons, "
       "traffic, anchor"},
      {R"({"write":"down"})",
       "write cannot be \"down\"; it is one of ok, net, server, read_only, auth, contract, throttle, "
       "unknown"},
      {R"({"age":"fresh"})", "age cannot be \"fresh\"; it is one of new, old, unknown"},
      {R"({"anchor":"good"})", "anchor cannot be \"good\"; it is one of ok, bad, unknown"},
      {R"({"write":5})", "write must be a string, not a number"},
      {R"({"write":-1.5})", "write must be a string, not a number"},
      {R"({"write":null})", "write must be a string, not null"},
      {R"({"write":true})", "write must be a string, not true or false"},
      {R"({"write":["net"]})", "write must be a string, not a list"},
      {R"({"write":{"class":"net"}})", "write must be a string, not an object"},
      {R"({"write":"net","write":"net"})", "write is given twice"},
      {R"({"write":"net","wr\u0069te":"ok"})", "write is given twice"},
  };
  for (const Case& c : cases) {
    INFO(c.line);
    const Answer a = ask("{}\n" + std::string(c.line) + "\n{}\n");
    CHECK(a.code == 2);
    CHECK(a.err == "line 2: " + std::string(c.fault) + "\n");
    CHECK(a.out == ask("{}\n{}\n").out);
  }
}

TEST_CASE("what is not JSON is told as such") {
  for (const char* line : {"{", "write=net", "{\"write\":\"net\"", "{\"write\":}", "{'write':'net'}", "{\"a",
                           "{} {}", "{}x", "{\"write\":\"net\",}", "{\"write\":\"\xff\"}", "\x01", "nul"}) {
    INFO(line);
    const Answer a = ask(line);
    CHECK(a.code == 2);
    CHECK(a.out.empty());
    CHECK(a.err.starts_with("line 1: not JSON: "));
    CHECK(a.err.ends_with("\n"));
  }
}

TEST_CASE("line numbers count every line, blank ones too") {
  const Answer a = ask("\n{\n\n{}\n[]\n");
  CHECK(a.err.starts_with("line 2: not JSON"));
  CHECK(a.err.find("\nline 5: expected an object") != std::string::npos);
}

TEST_CASE("very long lines break nothing") {
  const std::string words(1'000'000, 'x');
  const std::string brackets(1'000'000, '[');
  const std::string padded = "{" + std::string(1'000'000, ' ') + "\"write\":\"net\"}";
  const Answer a = ask(words + "\n{}\n" + brackets + "\n{\"write\":\"" + words + "\"}\n{\"" + words +
                       "\":\"net\"}\n" + padded + "\n" + std::string(17'000'000, ' ') + "\n{}\n");
  CHECK(a.code == 2);
  CHECK(a.out == ask("{}\n{\"write\":\"net\"}\n{}\n").out);
  CHECK(a.err.size() < 2000);  // and do not fill the screen
  CHECK(a.err.find("line 7: longer than") != std::string::npos);
}

TEST_CASE("what a hostile line holds does not reach the terminal") {
  const Answer a = ask("{\"write\":\"\\u001b[2J\"}\n{\"\\u001b[2J\":\"net\"}\n");
  CHECK(a.err.find('\x1b') == std::string::npos);
  CHECK(a.code == 2);
}

TEST_CASE("twenty thousand questions are answered in order, each as the table says") {
  std::string questions, expected;
  for (int i = 0; i < 20'000; ++i) {
    Signals s;
    s.write = static_cast<Write>(i % 8);
    s.client = static_cast<Client>(i / 8 % 3);
    s.cache = static_cast<Cache>(i / 24 % 4);
    questions += "{\"write\":\"" + std::string(name(s.write)) + "\",\"client\":\"" +
                 std::string(name(s.client)) + "\",\"cache\":\"" + std::string(name(s.cache)) + "\"}\n";
    const auto ruling = deadcalm::evaluator::rule(s);
    expected += "{\"verdict\":\"" + std::string(name(ruling.verdict)) + "\",\"masked\":\"" +
                std::string(name(ruling.masked)) + "\",\"row\":" + std::to_string(ruling.row) + "}\n";
  }
  const Answer a = ask(questions);
  CHECK(a.code == 0);
  CHECK(a.out == expected);
}
