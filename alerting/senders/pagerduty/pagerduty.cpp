#include "alerting/senders/pagerduty/pagerduty.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "alerting/senders/http_post.h"
#include "model/duration.h"

namespace deadcalm::alerting {
namespace {

namespace json = boost::json;

std::string_view action(PageKind kind) {
  if (kind == PageKind::resolve) return "resolve";
  if (kind == PageKind::acknowledge) return "acknowledge";
  return "trigger";
}

json::object details(const Delivery& delivery) {
  const Page& page = delivery.page;
  json::object all;
  std::string what;
  for (const std::string& sentence : page.text.body) what += (what.empty() ? "" : " ") + sentence;
  if (!what.empty()) all["what"] = what;
  if (!page.text.first.empty()) all["first"] = page.text.first;
  for (const Field& field : page.text.fields) all[field.name] = field.value;
  for (const auto& [key, value] : page.labels) all["label " + key] = value;
  all["message id"] = delivery.id;
  if (delivery.resend) all["resend"] = "the first attempt may have arrived";
  return all;
}

// The API's own words, "invalid key: routing_key", if it sent any.
SendResult judge(const runtime::HttpAnswer& answer) {
  if (answer.status != 202) return Rejected{answer_text(answer)};
  boost::system::error_code ec;
  const json::value body = json::parse(answer.body, ec);
  const json::value* key = !ec && body.is_object() ? body.get_object().if_contains("dedup_key") : nullptr;
  return Accepted{key != nullptr && key->is_string() ? std::string(key->get_string()) : ""};
}

}  // namespace

std::string pagerduty_body(const Delivery& delivery, const model::Secret& routing_key) {
  const Page& page = delivery.page;
  json::object body{{"routing_key", routing_key.reveal()},
                    {"event_action", action(page.kind)},
                    {"dedup_key", shortened(page.dedup_key, 255)}};
  if (action(page.kind) != "trigger") return json::serialize(body);
  // A test must take the whole way to a person, as a real page does.
  const auto severity = page.kind == PageKind::test ? model::Severity::error : page.severity;
  body["client"] = "deadcalm " + page.site;
  body["payload"] = json::object{{"summary", shortened(one_line(page.text), 1024)},
                                 {"source", page.site.empty() ? std::string("deadcalm") : page.site},
                                 {"severity", model::name(severity)},
                                 {"timestamp", model::rfc3339(page.opened_at)},
                                 {"component", page.subject.name},
                                 {"class", model::name(page.verdict)},
                                 {"custom_details", details(delivery)}};
  if (!page.runbook.empty()) {
    body["links"] = json::array{json::object{{"href", page.runbook}, {"text", "Runbook"}}};
  }
  return json::serialize(body);
}

net::awaitable<SendResult> Pagerduty::send(Delivery delivery) {
  runtime::HttpRequest request = json_request(options_.url, pagerduty_body(delivery, options_.routing_key));
  co_return co_await post(client_, std::move(request), &judge);
}

const RetryTable& Pagerduty::retries() const {
  using std::chrono::minutes;
  using std::chrono::seconds;
  static const RetryTable table{
      .delays = {seconds{2}, seconds{5}, seconds{15}, seconds{30}, seconds{60}, minutes{2}},
      .after_429 = seconds{30},
      .gap = model::Millis{600},  // 100 a minute; 120 are allowed
      .fall_back = seconds{60}};
  return table;
}

MakeSender decode_pagerduty(config::Reader& reader) {
  PagerdutyOptions options;
  options.routing_key = reader.secret("routing_key");
  if (const auto url = reader.optional_url("url", config::kHttp)) options.url = *url;
  reader.finish();
  return [options](const SenderDeps& deps) { return std::make_unique<Pagerduty>(options, deps.client); };
}

}  // namespace deadcalm::alerting
