#include "alerting/senders/slack/slack.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "alerting/senders/http_post.h"
#include "config/url.h"

namespace deadcalm::alerting {
namespace {

namespace json = boost::json;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

// Escaped and at most `limit` characters; cut before escaping, so that no entity is cut.
std::string escaped(const std::string& text, std::size_t limit) {
  std::string out = escaped(shortened(text, limit));
  for (std::size_t keep = limit; shortened(out, limit) != out && keep > 0;
       keep -= std::min<std::size_t>(keep, 10)) {
    out = escaped(shortened(text, keep));
  }
  return out;
}

json::object mrkdwn(std::string text) {
  return {{"type", "mrkdwn"}, {"text", std::move(text)}};
}

json::object section(const std::string& text) {
  return {{"type", "section"}, {"text", mrkdwn(escaped(text, 3000))}};
}

SendResult judge(const runtime::HttpAnswer& answer) {
  if (answer.status == 200 && answer.body.starts_with("ok")) return Accepted{};
  return Rejected{answer_text(answer)};
}

}  // namespace

std::string slack_body(const Delivery& delivery) {
  const Page& page = delivery.page;
  const PageText& words = page.text;
  json::array blocks;
  blocks.push_back(
      {{"type", "header"},
       {"text", {{"type", "plain_text"}, {"text", escaped(words.title, 150)}, {"emoji", false}}}});
  std::string sentences;
  for (const std::string& sentence : words.body) sentences += (sentences.empty() ? "" : "\n") + sentence;
  if (!sentences.empty()) blocks.push_back(section(sentences));
  json::array fields;
  for (const Field& field : words.fields) {
    if (fields.size() == 10) break;
    fields.push_back(mrkdwn('*' + escaped(field.name, 100) + "*\n" + escaped(field.value, 500)));
  }
  if (!fields.empty()) blocks.push_back({{"type", "section"}, {"fields", std::move(fields)}});
  if (!words.first.empty()) blocks.push_back(section(words.first));
  if (!page.runbook.empty() && page.runbook.size() < 2000) {
    blocks.push_back({{"type", "section"}, {"text", mrkdwn('<' + escaped(page.runbook) + "|Runbook>")}});
  }
  std::string footer = "deadcalm " + page.site + " · " + delivery.id;
  for (const auto& [key, value] : page.labels) footer.append(" · ").append(key).append("=").append(value);
  if (delivery.resend) footer += " · resend: the first attempt may have arrived";
  blocks.push_back({{"type", "context"}, {"elements", json::array{mrkdwn(escaped(footer, 500))}}});
  const json::object body{{"text", escaped(one_line(words), 3000)},
                          {"unfurl_links", false},
                          {"unfurl_media", false},
                          {"blocks", std::move(blocks)}};
  return json::serialize(body);
}

net::awaitable<SendResult> Slack::send(Delivery delivery) {
  runtime::HttpRequest request = json_request(webhook_url_.reveal(), slack_body(delivery));
  co_return co_await post(client_, std::move(request), &judge);
}

const RetryTable& Slack::retries() const {
  using std::chrono::minutes;
  using std::chrono::seconds;
  static const RetryTable table{.delays = {seconds{1}, seconds{2}, seconds{5}, seconds{15}, seconds{30},
                                           seconds{60}, minutes{2}, minutes{5}},
                                .after_429 = seconds{1},
                                .gap = seconds{1},
                                .give_up = minutes{30},
                                .fall_back = seconds{60}};
  return table;
}

MakeSender decode_slack(config::Reader& reader) {
  model::Secret url = reader.secret("webhook_url");
  if (!url.empty()) {
    const std::string wrong = config::fault_in_url(url.reveal(), config::kHttp);
    if (!wrong.empty()) reader.fault(reader.has("webhook_url") ? "webhook_url" : "webhook_url_file", wrong);
  }
  reader.finish();
  return [url](const SenderDeps& deps) { return std::make_unique<Slack>(url, deps.client); };
}

}  // namespace deadcalm::alerting
