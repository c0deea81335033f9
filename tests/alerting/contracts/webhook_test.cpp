// Standard Webhooks 1.0: the signature is checked by a verifier written from the specification, on other
// primitives than the sender's (HMAC by hand on SHA-256, base64 by hand), and by the specification's own
// example.
#include "alerting/senders/webhook/webhook.h"

#include <openssl/sha.h>

#include <array>
#include <catch2/catch.hpp>

#include "tests/alerting/contracts/receiver.h"

using namespace deadcalm;
using namespace deadcalm::alerting;
using namespace std::chrono_literals;
using tests::need;
namespace json = boost::json;

namespace {

std::string sha256(const std::string& text) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

// RFC 2104.
std::string hmac(std::string key, const std::string& text) {
  if (key.size() > 64) key = sha256(key);
  key.resize(64, '\0');
  std::string inner = key, outer = key;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return sha256(outer + sha256(inner + text));
}

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(const std::string& bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? kAlphabet[word >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::string from_base64(const std::string& text) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6U | static_cast<std::uint32_t>(kAlphabet.find(c));
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 255U);
  }
  return out;
}

const std::string kSecret =
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";  // the specification's example, without its prefix

struct Endpoint : tests::Receiver {
  Endpoint() : Receiver([](const server::Request& r) { return take(r); }) {}
  Webhook sender{{url + "/hook", model::Secret(from_base64(kSecret))}, client};

  static server::Response take(const server::Request& request) {
    try {
      need(request.body.size() < 20 * 1024, "size");
      const std::string* id = request.header("webhook-id");
      const std::string* timestamp = request.header("webhook-timestamp");
      const std::string* signature = request.header("webhook-signature");
      need(id != nullptr && timestamp != nullptr && signature != nullptr, "headers");
      need(id->find('.') == std::string::npos, "a dot in the id");
      const std::string expected =
          "v1," + to_base64(hmac(from_base64(kSecret), *id + '.' + *timestamp + '.' + request.body));
      need(*signature == expected, "signature");
      const json::object body = json::parse(request.body).as_object();
      need(body.at("type").is_string() && body.at("timestamp").is_string() && body.at("data").is_object(),
           "shape");
    } catch (const std::exception& e) {
      return {.status = 400, .body = e.what(), .headers = {}};
    }
    return {.status = 204, .body = "", .headers = {}};
  }
};

}  // namespace

TEST_CASE("the signature of the specification's example") {
  CHECK(webhook_signature(model::Secret(from_base64(kSecret)), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                          R"({"test": 2432232314})") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("every kind of page arrives signed, also the largest") {
  Endpoint endpoint;
  for (std::size_t kind = 0; kind < model::Names<PageKind>::values.size(); ++kind) {
    const auto result = endpoint.send(endpoint.sender, tests::delivery_of(static_cast<PageKind>(kind)));
    if (const auto* no = std::get_if<Rejected>(&result)) FAIL(no->reason);
    CHECK(std::holds_alternative<Accepted>(result));
  }
  CHECK(std::holds_alternative<Accepted>(endpoint.send(endpoint.sender, tests::large_delivery())));
}

TEST_CASE("a retry keeps its id and has a time and signature of its own") {
  Endpoint endpoint;
  Delivery d = tests::delivery_of(PageKind::trigger);
  endpoint.send(endpoint.sender, d);
  d.now += 30s;
  d.resend = true;
  endpoint.send(endpoint.sender, d);
  REQUIRE(endpoint.got.size() == 2);
  CHECK(*endpoint.got[0].header("webhook-id") == *endpoint.got[1].header("webhook-id"));
  CHECK(*endpoint.got[0].header("webhook-timestamp") == "1795400240");
  CHECK(*endpoint.got[1].header("webhook-timestamp") == "1795400270");
  CHECK(*endpoint.got[0].header("webhook-signature") != *endpoint.got[1].header("webhook-signature"));
}

TEST_CASE("what stands in a webhook's body") {
  const json::object body = json::parse(webhook_body(tests::delivery_of(PageKind::resolve))).as_object();
  CHECK(body.at("type") == "incident.resolve");
  const json::object& data = body.at("data").as_object();
  CHECK(data.at("subject") == "orders");
  CHECK(data.at("verdict") == "masked_outage");
  CHECK(data.at("dedup_key") == "inst0001/00112233aabbccdd/3");
  CHECK(data.at("opened_at") == "2026-11-23T02:14:00Z");
  CHECK(data.at("over_at") == "2026-11-23T02:20:00Z");
  CHECK(data.at("fields").at("Clients") == "200 from cache");
  CHECK(data.at("labels").at("team") == "shop");
}

TEST_CASE("without a secret nothing is signed") {
  tests::Receiver open([](const server::Request&) { return server::Response{}; });
  Webhook sender({open.url, {}}, open.client);
  open.send(sender, tests::delivery_of(PageKind::trigger));
  CHECK(open.got[0].header("webhook-signature") == nullptr);
  CHECK(open.got[0].header("webhook-id") != nullptr);
}

TEST_CASE("what a webhook receiver's answers mean") {
  struct Row {
    int status;
    const char* verdict;  // accepted, retry, ambiguous, rejected
  };
  const Row rows[] = {{200, "accepted"}, {204, "accepted"},  {301, "rejected"},  {400, "rejected"},
                      {404, "rejected"}, {410, "rejected"},  {408, "ambiguous"}, {425, "retry"},
                      {429, "retry"},    {500, "ambiguous"}, {503, "retry"},     {504, "ambiguous"}};
  for (const Row& row : rows) {
    INFO(row.status);
    Endpoint endpoint;
    endpoint.forced = {{.status = row.status, .body = "", .headers = {}}};
    const auto result = endpoint.send(endpoint.sender, tests::delivery_of(PageKind::trigger));
    const auto* retry = std::get_if<Retry>(&result);
    const std::string verdict = std::holds_alternative<Accepted>(result)   ? "accepted"
                                : std::holds_alternative<Rejected>(result) ? "rejected"
                                : retry->ambiguous                         ? "ambiguous"
                                                                           : "retry";
    CHECK(verdict == row.verdict);
  }
}

TEST_CASE("Retry-After as a date counts from the answer's own clock") {
  Endpoint endpoint;
  endpoint.forced = {{.status = 429,
                      .body = "",
                      .headers = {{"Date", "Mon, 23 Nov 2026 02:14:00 GMT"},
                                  {"Retry-After", "Mon, 23 Nov 2026 02:15:30 GMT"}}}};
  const auto result = endpoint.send(endpoint.sender, tests::delivery_of(PageKind::trigger));
  REQUIRE(std::holds_alternative<Retry>(result));
  CHECK(std::get<Retry>(result).after == model::Millis{90s});
}
