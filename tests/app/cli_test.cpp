#include "app/cli.h"

#include <catch2/catch.hpp>
#include <iostream>
#include <sstream>
#include <vector>

using namespace deadcalm;

namespace {

struct Answer {
  int code;
  std::string err;
};

Answer command_line(std::vector<std::string> words) {
  words.insert(words.begin(), "deadcalm");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  std::ostringstream out, err;
  auto* const real_out = std::cout.rdbuf(out.rdbuf());
  auto* const real_err = std::cerr.rdbuf(err.rdbuf());
  const int code = app::run_command_line(static_cast<int>(arguments.size()), arguments.data());
  std::cout.rdbuf(real_out);
  std::cerr.rdbuf(real_err);
  return {code, err.str()};
}

}  // namespace

TEST_CASE("a mistyped command is told with the nearest one, and nothing is done") {
  CHECK(command_line({"runn"}).err == "deadcalm: no command \"runn\"; did you mean \"run\"?\n");
  CHECK(command_line({"sentinel", "accept", "x"}).err ==
        "deadcalm: no command \"sentinel\"; did you mean \"sentinels\"?\n");
  CHECK(command_line({"zzzzzz"}).err == "deadcalm: no command \"zzzzzz\"; deadcalm --help lists them\n");
  for (const char* wrong : {"runn", "zzzzzz"}) CHECK(command_line({wrong}).code == 2);
  CHECK(command_line({}).code == 2);
  CHECK(command_line({"version"}).code == 0);
}

TEST_CASE("a duration that is none, and a missing service, are wrong usage") {
  CHECK(command_line({"silence", "orders", "soon"}).code == 2);
  CHECK(command_line({"pause-writes"}).code == 2);
  CHECK(command_line({"silence"}).code == 2);
}
