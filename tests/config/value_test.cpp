#include "config/value.h"

#include <catch2/catch.hpp>

#include "tests/config/bench.h"

using namespace deadcalm;
using tests::Bench;

namespace {

// The value as JSON-like text, names as ${name}.
std::string shown(const config::Value& value) {
  struct Show {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double n) const { return "~" + std::to_string(n); }
    std::string operator()(const config::Template& text) const { return '"' + text.literal() + '"'; }
    std::string operator()(const config::ValueList& list) const {
      std::string text;
      for (const config::Value& item : list) text += (text.empty() ? "" : ",") + shown(item);
      return '[' + text + ']';
    }
    std::string operator()(const config::ValueMap& map) const {
      std::string text;
      for (const auto& [key, item] : map) text += (text.empty() ? "" : ",") + key + ':' + shown(item);
      return '{' + text + '}';
    }
  };
  return std::visit(Show{}, value.data);
}

}  // namespace

TEST_CASE("free-form values keep their types and their run-time names") {
  Bench bench(
      R"(body: { b: [1, -2, 1.5, 1e3, "3", x], a: { t: true, n: ~, s: "${canary.token}", p: "${PORT}" } })");
  config::Reader r = bench.reader();
  const auto body = r.value("body", config::canary_names());
  r.finish();
  REQUIRE(bench.messages() == "");
  REQUIRE(body);
  CHECK(shown(*body) ==
        R"({b:[1,-2,~1.500000,~1000.000000,"3","x"],a:{t:true,n:null,s:"${canary.token}",p:"8080"}})");
}

TEST_CASE("what is no JSON number is text") {
  Bench bench("body: [inf, nan, .5, 5., 1.2.3, 127.0.0.1, 2026-11-23, 0x1f, '-', 99999999999999999999]\n");
  config::Reader r = bench.reader();
  const auto body = r.value("body", config::no_names());
  REQUIRE(body);
  CHECK(
      shown(*body) ==
      R"(["inf","nan",".5","5.","1.2.3","127.0.0.1","2026-11-23","0x1f","-",~100000000000000000000.000000])");
}

TEST_CASE("all faults of a free-form value are found") {
  Bench bench("body: { a: yes, b: [012, ok], c: \"${canary.tokn}\" }\n");
  config::Reader r = bench.reader();
  CHECK_FALSE(r.value("body", config::canary_names()));
  CHECK(bench.faults.list().size() == 3);
  CHECK_FALSE(r.value("absent", config::canary_names()));
  CHECK(bench.faults.list().size() == 3);
}
