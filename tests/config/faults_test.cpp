#include "config/faults.h"

#include <catch2/catch.hpp>

using namespace deadcalm::config;

namespace {

Faults faults_in(std::string text) {
  return Faults(std::make_shared<const Source>(Source{"f.yaml", std::move(text)}));
}

}  // namespace

TEST_CASE("faults come in the order of the file, each once") {
  Faults faults = faults_in("a: 1\nb: 2\n");
  faults.add({2, 4}, "b", "too small");
  faults.warn({1, 4}, "a", "odd", "use 2");
  faults.add({2, 4}, "b", "too small");
  faults.add({2, 4}, "b", "not prime");
  CHECK(faults.text() ==
        "f.yaml:1:4: warning: a: odd; use 2\na: 1\n   ^\n"
        "f.yaml:2:4: b: too small\nb: 2\n   ^\n"
        "f.yaml:2:4: b: not prime\nb: 2\n   ^\n");
  CHECK(faults.any());
}

TEST_CASE("warnings alone are no fault") {
  Faults faults = faults_in("a: 1\n");
  faults.warn({1, 1}, "a", "odd");
  CHECK_FALSE(faults.any());
}

TEST_CASE("columns count characters, and tabs take one") {
  Faults faults = faults_in("\xc3\xbc\xc3\xb6\t: x\n");
  faults.add({1, 8}, "", "here");
  CHECK(faults.text() == "f.yaml:1:6: here\n\xc3\xbc\xc3\xb6 : x\n     ^\n");
}

TEST_CASE("secrets appear neither in messages nor in source lines") {
  Faults faults = faults_in("password: hunter22, hunter2\n");
  faults.hide("hunter2");
  faults.hide("hunter22");
  faults.add({1, 11}, "password", "hunter22 is no good");
  CHECK(faults.text() == "f.yaml:1:11: password: *** is no good\npassword: ***, ***\n          ^\n");
}

TEST_CASE("a long line is cut around the caret, between characters") {
  std::string line = "k: ";
  for (int i = 0; i < 1000; ++i) line += "\xc3\xbc";
  Faults faults = faults_in(line);
  faults.add({1, 1004}, "k", "here");
  const std::string text = faults.text();
  CHECK(text.size() < 300);
  CHECK(text.starts_with("f.yaml:1:504: k: here\n\xc3\xbc"));
  CHECK(text.ends_with("\xc3\xbc\n" + std::string(40, ' ') + "^\n"));
}

TEST_CASE("a place outside of the file is shown at its end") {
  Faults faults = faults_in("a: 1\n");
  faults.add({9, 9}, "", "end");
  faults.add({1, 99}, "", "line end");
  CHECK(faults.text() == "f.yaml:1:5: line end\na: 1\n    ^\nf.yaml:9:1: end\n\n^\n");
}

TEST_CASE("thousands of faults end in a number") {
  Faults faults = faults_in("a: 1\n");
  for (int i = 1; i <= 5000; ++i) faults.add({i, 1}, "", "bad");
  CHECK(faults.text().ends_with("... and 4900 more\n"));
}

TEST_CASE("a short word is no slip for another") {
  CHECK(did_you_mean("udp", {"tcp", "dns"}) == "");
  CHECK(did_you_mean("htp", {"http"}) == "did you mean \"http\"?");
  CHECK(did_you_mean("intervall", {"timeout", "interval"}) == "did you mean \"interval\"?");
}
