#include "config/reader.h"

#include <catch2/catch.hpp>

#include "tests/config/bench.h"

using namespace deadcalm;
using tests::Bench;
using namespace std::chrono_literals;

namespace {

enum class Colour { red, green };

}  // namespace

template <>
struct deadcalm::model::Names<Colour> {
  static constexpr std::array<std::string_view, 2> values{"red", "green"};
};

TEST_CASE("good values arrive") {
  Bench bench(R"(
text: hello
texts: [a, b]
one_text: a
wait: 1m30s
waits: [1h, 1d]
count: 7
port: "${PORT}"
ratio: 0.25
on: true
colour: green
url: https://api.example.com:${PORT}/x
headers: { B: "2", A: "${canary.id}" }
child: { x: 1 }
raw: [1]
)");
  config::Reader r = bench.reader();
  CHECK(r.text("text") == "hello");
  CHECK(r.texts("texts") == std::vector<std::string>{"a", "b"});
  CHECK(r.texts("one_text") == std::vector<std::string>{"a"});
  CHECK(r.duration("wait", 1s) == 90s);
  CHECK(r.durations("waits") == std::vector<model::Millis>{1h, 24h});
  CHECK(r.integer("count", 1, 0, 10) == 7);
  CHECK(r.integer("port", 1, 1, 65535) == 8080);
  CHECK(r.number("ratio", 1, 0, 1) == 0.25);
  CHECK(r.boolean("on", false));
  CHECK(r.choice("colour", Colour::red) == Colour::green);
  CHECK(r.url("url", config::kHttp) == "https://api.example.com:8080/x");
  const auto headers = r.template_map("headers", config::canary_names());
  REQUIRE(headers.size() == 2);
  CHECK(headers[0].first == "B");
  CHECK(headers[1].second.literal() == "${canary.id}");
  auto child = r.child("child");
  REQUIRE(child);
  CHECK(child->integer("x", 0, 0, 9) == 1);
  REQUIRE(r.node("raw") != nullptr);
  r.finish();
  CHECK(bench.messages() == "");
}

TEST_CASE("what is absent has its default, and only what is required is missed") {
  Bench bench("{}");
  config::Reader r = bench.reader();
  CHECK(r.text("a", "x") == "x");
  CHECK_FALSE(r.optional_text("b"));
  CHECK(r.duration("c", 5s) == 5s);
  CHECK(r.integer("d", 3, 0, 9) == 3);
  CHECK(r.boolean("e", true));
  CHECK(r.choice("f", Colour::green) == Colour::green);
  CHECK_FALSE(r.child("g"));
  CHECK(r.list("h").empty());
  CHECK(r.template_map("i", config::no_names()).empty());
  CHECK_FALSE(r.optional_secret("j"));
  CHECK(r.node("k") == nullptr);
  CHECK(bench.messages() == "");
  CHECK(r.text("url") == "");
  CHECK(r.url("target", config::kHttp) == "");
  CHECK(r.secret("password").empty());
  CHECK(bench.messages() ==
        ": \"url\" is missing\n"
        ": \"target\" is missing\n"
        ": \"password\" is missing; give \"password_file\", or \"${NAME}\" from the environment\n");
}

TEST_CASE("faulty values give the default and one fault each") {
  Bench bench(R"(
a: [x]
b: 60
c: 11
d: seven
e: yes
f: gren
g: ftp://x
h: { x: y }
i: text
j: ""
k: 2h
l: 1e9
)");
  config::Reader r = bench.reader();
  CHECK(r.text("a", "x") == "x");
  CHECK(r.duration("b", 5s) == 5s);
  CHECK(r.integer("c", 3, 0, 10) == 3);
  CHECK(r.integer("d", 3, 0, 10) == 3);
  CHECK(r.boolean("e", false) == false);
  CHECK(r.choice("f", Colour::red) == Colour::red);
  CHECK(r.url("g", config::kHttp) == "");
  CHECK(r.list("h").empty());
  CHECK(r.child("i")->text("whatever") == "");
  CHECK(r.text("j") == "");
  CHECK(r.duration("k", 5s, 1s, 1h) == 5s);
  CHECK(r.number("l", 0.5, 0, 1.5) == 0.5);
  r.finish();
  CHECK(bench.messages() ==
        "a: must be text, found a list\n"
        "b: must be a duration such as 10s, 5m or 1h30m, found \"60\"; did you mean 60s?\n"
        "c: must be at most 10\n"
        "d: must be a whole number, found \"seven\"\n"
        "e: must be true or false, found \"yes\"; did you mean true?\n"
        "f: must be one of red, green; found \"gren\"; did you mean \"green\"?\n"
        "g: must start with https:// or http://\n"
        "h: must be a list, found a map\n"
        "i: must be a map (key: value), found text\n"
        "j: must not be empty\n"
        "k: must be at most 1h\n"
        "l: must be at most 1.5\n");
}

TEST_CASE("no key is ignored, even if finish() is forgotten") {
  Bench bench("child: { known: 1, knwon: 2 }\nextra: 1\n");
  {
    config::Reader r = bench.reader();
    auto child = r.child("child");
    child->integer("known", 0, 0, 9);
  }
  CHECK(bench.messages() == "child.knwon: unknown key; did you mean \"known\"?\nextra: unknown key\n");
}

TEST_CASE("a moved reader reports once, at its new place") {
  Bench bench("extra: 1\n");
  {
    config::Reader first = bench.reader();
    config::Reader second = std::move(first);
    second.also_known({"extra"});
  }
  CHECK(bench.messages() == "");
}

TEST_CASE("of two keys only one may stand") {
  Bench bench("json: {}\nbody: x\n");
  config::Reader r = bench.reader();
  r.one_of({"json", "body"}, false);
  r.one_of({"url", "resource"}, true);
  CHECK(bench.messages() ==
        ": \"url\" or \"resource\" is missing\nbody: cannot stand beside \"json\"; remove one of them\n");
  r.leave_the_rest();
}

TEST_CASE("secrets come from the environment or a file, never silently from the text") {
  Bench bench(
      "a: \"${PD_KEY}\"\nb_file: secrets/slack\nc: open-text\nd_file: /run/secrets/empty\ne: "
      "\"${NOWHERE}\"\n");
  config::Reader r = bench.reader();
  CHECK(r.secret("a") == model::Secret{"pd-4711"});
  CHECK(r.secret("b") == model::Secret{"https://hooks.example.com/T0/B0"});
  CHECK(r.secret("c") == model::Secret{"open-text"});
  CHECK(r.secret("d").empty());
  CHECK(r.secret("e").empty());
  CHECK(bench.messages() ==
        "warning: c: this secret is written into the file; use \"c_file\", or \"${NAME}\" from the "
        "environment\n"
        "d_file: this secret is empty\n"
        "e: environment variable NOWHERE is not set\n");
  CHECK(bench.secrets == std::vector<model::Secret>{model::Secret{"pd-4711"},
                                                    model::Secret{"https://hooks.example.com/T0/B0"},
                                                    model::Secret{"open-text"}});
}

TEST_CASE("a rotated secret is read again") {
  Bench bench("a_file: /run/secrets/pd\nb: \"Bearer ${file:/run/secrets/pd}\"\nc: \"${PD_KEY}\"\n");
  config::Reader r = bench.reader();
  const auto a = r.secret_source("a"), b = r.secret_source("b"), c = r.secret_source("c");
  REQUIRE((a && b && c));
  CHECK(a->can_change());
  CHECK(b->can_change());
  CHECK_FALSE(c->can_change());
  bench.machine.read_file = [](const std::string&) -> model::Result<std::string> { return "rotated\n"; };
  CHECK(a->read_again(bench.machine) == model::Secret{"rotated"});
  CHECK(b->read_again(bench.machine) == model::Secret{"Bearer rotated"});
  CHECK(c->read_again(bench.machine) == model::Secret{"pd-4711"});
  bench.machine.read_file = [](const std::string&) {
    return model::fail(model::ErrorKind::not_found, "gone");
  };
  CHECK(a->read_again(bench.machine).error().message == "cannot read /run/secrets/pd: gone");
}

TEST_CASE("a template says where its names go") {
  Bench bench("resource: https://api.example.com/canaries/${canary.id}\nquery: ${canary.tokn}\n");
  config::Reader r = bench.reader();
  const config::Template url = r.url_template("resource", config::kHttp, config::canary_names());
  CHECK(url.names() == std::vector<std::string>{"canary.id"});
  CHECK(r.template_text("query", config::canary_names()).empty());
  CHECK(bench.messages() == "query: ${canary.tokn} is unknown; did you mean \"canary.token\"?\n");
}
