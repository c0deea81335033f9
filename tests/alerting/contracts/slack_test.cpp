// Slack's incoming webhook, from its documents: Block Kit limits of npm @slack/types 3.2.0 (comments of the
// types), codes of docs.slack.dev "Sending messages using incoming webhooks", rate limits of "Rate limits".
#include "alerting/senders/slack/slack.h"

#include <catch2/catch.hpp>

#include "tests/alerting/contracts/receiver.h"

using namespace deadcalm;
using namespace deadcalm::alerting;
using namespace std::chrono_literals;
using tests::characters;
using tests::need;
namespace json = boost::json;

namespace {

// Outside of links, & stands only in an entity, and < and > not at all.
void need_escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    need(text.compare(at, 9, "<https://") == 0, "a bare <");
    const std::size_t end = text.find('>', at);
    need(end != std::string::npos, "a link without end");
    text.erase(at, end - at + 1);
  }
  need(text.find('>') == std::string::npos, "a bare >");
  for (std::size_t at = 0; (at = text.find('&', at)) != std::string::npos; ++at) {
    const bool entity = text.compare(at, 5, "&amp;") == 0 || text.compare(at, 4, "&lt;") == 0 ||
                        text.compare(at, 4, "&gt;") == 0;
    need(entity, "a bare &");
  }
}

void check_text(const json::object& object, std::size_t limit) {
  const std::string type(object.at("type").as_string());
  const std::string text(object.at("text").as_string());
  need(type == "mrkdwn" || type == "plain_text", "text type");
  need(!text.empty() && characters(text) <= limit, "text length");
  need_escaped(text);
}

void check_block(const json::object& block, std::size_t& total) {
  const std::string type(block.at("type").as_string());
  total += characters(json::serialize(block));
  if (type == "header") {
    need(block.at("text").at("type") == "plain_text", "header type");
    check_text(block.at("text").as_object(), 150);
  } else if (type == "section") {
    need(block.contains("text") || block.contains("fields"), "an empty section");
    if (block.contains("text")) check_text(block.at("text").as_object(), 3000);
    if (block.contains("fields")) {
      const auto& fields = block.at("fields").as_array();
      need(!fields.empty() && fields.size() <= 10, "number of fields");
      for (const auto& field : fields) check_text(field.as_object(), 2000);
    }
  } else {
    need(type == "context", "block type " + type);
    const auto& elements = block.at("elements").as_array();
    need(!elements.empty() && elements.size() <= 10, "number of elements");
    for (const auto& element : elements) check_text(element.as_object(), 3000);
  }
}

server::Response slack(const server::Request& request) {
  try {
    need(request.method == "POST", "method");
    const std::string* type = request.header("content-type");
    need(type != nullptr && type->starts_with("application/json"), "content type");
    const json::object body = json::parse(request.body).as_object();
    for (const auto& [key, value] : body) {
      need(key == "text" || key == "blocks" || key == "unfurl_links" || key == "unfurl_media", "unknown key");
    }
    need(body.at("unfurl_links") == false && body.at("unfurl_media") == false, "unfurls");
    const std::string text(body.at("text").as_string());
    need(!text.empty() && characters(text) <= 4000, "text");
    need_escaped(text);
    const auto& blocks = body.at("blocks").as_array();
    need(!blocks.empty() && blocks.size() <= 50, "number of blocks");
    std::size_t total = 0;
    for (const auto& block : blocks) check_block(block.as_object(), total);
    need(total < 10'000, "msg_blocks_too_long");
  } catch (const std::exception& e) {
    return {.status = 400, .body = std::string("invalid_blocks ") + e.what(), .headers = {}};
  }
  return {.status = 200, .body = "ok", .headers = {}};
}

struct Workspace : tests::Receiver {
  Workspace() : Receiver(&slack) {}
  Slack sender{model::Secret(url + "/services/T0/B0/secret"), client};
};

}  // namespace

TEST_CASE("Slack takes every kind of page, also the largest") {
  Workspace slack_app;
  for (std::size_t kind = 0; kind < model::Names<PageKind>::values.size(); ++kind) {
    const auto result = slack_app.send(slack_app.sender, tests::delivery_of(static_cast<PageKind>(kind)));
    CHECK(std::holds_alternative<Accepted>(result));
  }
  const auto large = slack_app.send(slack_app.sender, tests::large_delivery());
  if (const auto* no = std::get_if<Rejected>(&large)) FAIL(no->reason);
  CHECK(std::holds_alternative<Accepted>(large));
  CHECK(slack_app.got.front().path == "/services/T0/B0/secret");
}

TEST_CASE("what stands in a Slack message, and where") {
  Delivery d = tests::delivery_of(PageKind::trigger);
  d.resend = true;
  const json::object body = json::parse(slack_body(d)).as_object();
  const auto& blocks = body.at("blocks").as_array();
  REQUIRE(blocks.size() == 6);
  CHECK(blocks[0].at("text").at("text") == "orders: SAVING IS DOWN, apps still look fine (cache)");
  CHECK_THAT(std::string(blocks[1].at("text").at("text").as_string()),
             Catch::Contains("&lt;html&gt; &amp; co"));
  CHECK(blocks[2].at("fields").at(0).at("text") == "*Truth*\nconnection refused &lt;api.example.com&gt;");
  CHECK_THAT(std::string(blocks[3].at("text").at("text").as_string()), Catch::StartsWith("FIRST: "));
  CHECK(blocks[4].at("text").at("text") == "<https://wiki.example.com/orders?a=1&amp;b=2|Runbook>");
  CHECK(
      blocks[5].at("elements").at(0).at("text") ==
      "deadcalm fra1 · dc_0123456789abcdef01234567 · team=shop · resend: the first attempt may have arrived");
  CHECK_THAT(std::string(body.at("text").as_string()),
             Catch::StartsWith("orders: SAVING IS DOWN, apps still look fine (cache). No write accepted"));
}

TEST_CASE("what Slack's answers mean") {
  struct Row {
    server::Response answer;
    bool retry, ambiguous, hold;
    std::optional<model::Millis> after;
  };
  const Row rows[] = {
      {{.status = 429, .body = "rate_limited", .headers = {{"Retry-After", "30"}}}, true, false, true, 30s},
      {{.status = 500, .body = "rollup_error", .headers = {}}, true, true, false, {}},
      {{.status = 503, .body = "", .headers = {}}, true, false, false, {}},
      {{.status = 200, .body = "<html>a captive portal", .headers = {}}, false, false, false, {}},
      {{.status = 400, .body = "invalid_payload", .headers = {}}, false, false, false, {}},
      {{.status = 403, .body = "action_prohibited", .headers = {}}, false, false, false, {}},
      {{.status = 404, .body = "no_service", .headers = {}}, false, false, false, {}},
      {{.status = 410, .body = "channel_is_archived", .headers = {}}, false, false, false, {}},
      {{.status = 302, .body = "", .headers = {{"Location", "https://example.com"}}},
       false,
       false,
       false,
       {}},
      {{.status = 200, .body = "", .headers = {}, .drop_connection = true}, true, true, false, {}}};
  for (const Row& row : rows) {
    INFO(row.answer.status << ' ' << row.answer.body);
    Workspace slack_app;
    slack_app.forced = {row.answer};
    const auto result = slack_app.send(slack_app.sender, tests::delivery_of(PageKind::trigger));
    const auto* retry = std::get_if<Retry>(&result);
    CHECK((retry != nullptr) == row.retry);
    CHECK(std::holds_alternative<Rejected>(result) == !row.retry);
    if (retry == nullptr) continue;
    CHECK(retry->ambiguous == row.ambiguous);
    CHECK(retry->hold_channel == row.hold);
    CHECK(retry->after == row.after);
  }
}

TEST_CASE("an address where nobody listens is no ambiguity") {
  Workspace slack_app;
  Slack nobody(model::Secret("http://127.0.0.1:1/x"), slack_app.client);
  const auto result = slack_app.send(nobody, tests::delivery_of(PageKind::trigger));
  REQUIRE(std::holds_alternative<Retry>(result));
  CHECK_FALSE(std::get<Retry>(result).ambiguous);
}
