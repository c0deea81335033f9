#include "model/token.h"

#include <catch2/catch.hpp>
#include <set>

using namespace deadcalm::model;

namespace {
const Secret kKey{"0123456789abcdef"};
const Token kToken{"a1b2-orders", 42, from_unix_millis(1'700'000'000'123), "00c0ffee"};
}  // namespace

TEST_CASE("a token is read back as it was written") {
  const std::string text = encode(kToken, kKey);
  CHECK(text.starts_with("dc1.a1b2-orders.42.1700000000123.00c0ffee."));
  CHECK(decode(text, kKey) == kToken);
}

TEST_CASE("nobody without the key can forge freshness") {
  std::string newer = encode(kToken, kKey);
  newer.replace(newer.find(".42."), 4, ".43.");
  CHECK_FALSE(decode(newer, kKey));
  CHECK_FALSE(decode(encode(kToken, Secret{"other"}), kKey));
}

TEST_CASE("damaged tokens are refused") {
  const std::string good = encode(kToken, kKey);
  for (std::size_t i = 0; i < good.size(); ++i) {
    INFO(i);
    CHECK_FALSE(decode(good.substr(0, i), kKey));
    std::string changed = good;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(decode(changed, kKey));
  }
  CHECK_FALSE(decode(good + "0", kKey));
}

TEST_CASE("tokens are found anywhere in an answer, forged ones skipped") {
  Token second = kToken;
  second.seq = 43;
  std::string forged = encode(second, Secret{"guess"});
  const std::string body = R"([{"note":")" + encode(kToken, kKey) + R"("},{"note":")" + forged +
                           R"("}] dc1. )" + encode(second, kKey) + ".";
  const auto found = find_tokens(body, kKey);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == kToken);
  CHECK(found[1] == second);
  CHECK(find_tokens(body, kKey, 1).size() == 1);
}

TEST_CASE("record names follow from stream and number alone") {
  CHECK(canary_id("s", 7) == "dc-s-7");
  CHECK(canary_uuid("s", 7) == canary_uuid("s", 7));
  CHECK(canary_uuid("s", 7).size() == 36);
  CHECK(canary_uuid("s", 7)[14] == '8');
  std::set<std::string> uuids;
  std::set<std::int64_t> ints;
  for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
    uuids.insert(canary_uuid("s", seq));
    ints.insert(canary_int("s", seq));
    CHECK(canary_int("s", seq) > 0);
    CHECK(canary_int("s", seq) < (std::int64_t{1} << 53));
  }
  CHECK(uuids.size() == 1000);
  CHECK(ints.size() == 1000);
}
