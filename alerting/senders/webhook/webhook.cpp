#include "alerting/senders/webhook/webhook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "alerting/senders/http_post.h"
#include "model/duration.h"
#include "model/encoding.h"

namespace deadcalm::alerting {
namespace {

namespace json = boost::json;
constexpr std::string_view kPrefix = "whsec_";

// nullopt: no base64.
std::optional<std::string> unbase64(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int written =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (written < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;  // decoded as zeros
  bytes.resize(static_cast<std::size_t>(written) - padding);
  return bytes;
}

SendResult judge(const runtime::HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return Accepted{};
  return Rejected{answer_text(answer)};
}

}  // namespace

std::string webhook_signature(const model::Secret& secret, const std::string& id, std::int64_t timestamp,
                              const std::string& body) {
  const std::string& key = secret.reveal();
  const std::string content = id + '.' + std::to_string(timestamp) + '.' + body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), mac.data(), &size);
  return "v1," + model::base64({reinterpret_cast<const char*>(mac.data()), size});
}

std::string webhook_body(const Delivery& delivery) {
  const Page& page = delivery.page;
  json::object fields, labels;
  for (const Field& field : page.text.fields) fields[field.name] = field.value;
  for (const auto& [key, value] : page.labels) labels[key] = value;
  json::object data{{"id", delivery.id},
                    {"dedup_key", page.dedup_key},
                    {"subject", page.subject.name},
                    {"own", page.subject.own},
                    {"generation", page.generation},
                    {"verdict", model::name(page.verdict)},
                    {"masked", model::name(page.masked)},
                    {"alarm", model::name(page.alarm)},
                    {"severity", model::name(page.severity)},
                    {"opened_at", model::rfc3339(page.opened_at)},
                    {"site", page.site},
                    {"runbook", page.runbook},
                    {"resend", delivery.resend},
                    {"title", page.text.title},
                    {"text", one_line(page.text)},
                    {"body", json::array(page.text.body.begin(), page.text.body.end())},
                    {"first", page.text.first},
                    {"fields", std::move(fields)},
                    {"labels", std::move(labels)}};
  const auto over = page.over_at ? page.over_at : delivery.over_at;
  if (over) data["over_at"] = model::rfc3339(*over);
  const json::object body{{"type", "incident." + std::string(model::name(page.kind))},
                          {"timestamp", model::rfc3339(page.written_at)},
                          {"data", std::move(data)}};
  return json::serialize(body);
}

net::awaitable<SendResult> Webhook::send(Delivery delivery) {
  const std::int64_t timestamp = model::unix_millis(delivery.now) / 1000;
  runtime::HttpRequest request = json_request(options_.url, webhook_body(delivery));
  request.headers.emplace_back("webhook-id", delivery.id);
  request.headers.emplace_back("webhook-timestamp", std::to_string(timestamp));
  if (options_.key) {
    request.headers.emplace_back("webhook-signature",
                                 webhook_signature(*options_.key, delivery.id, timestamp, request.body));
  }
  co_return co_await post(client_, std::move(request), &judge);
}

const RetryTable& Webhook::retries() const {
  using std::chrono::minutes;
  using std::chrono::seconds;
  static const RetryTable table{
      .delays = {seconds{1}, seconds{5}, seconds{30}, minutes{2}, minutes{5}, minutes{15}, minutes{30}},
      .give_up = std::chrono::hours{24},
      .fall_back = seconds{60}};
  return table;
}

MakeSender decode_webhook(config::Reader& reader) {
  WebhookOptions options;
  options.url = reader.url("url", config::kHttp);
  if (const auto secret = reader.optional_secret("secret"); secret && !secret->empty()) {
    const std::string& text = secret->reveal();
    const auto key = text.starts_with(kPrefix) ? unbase64(text.substr(kPrefix.size())) : std::nullopt;
    if (key && key->size() >= 24 && key->size() <= 64) {
      options.key = model::Secret(*key);
    } else {
      reader.fault(reader.has("secret") ? "secret" : "secret_file",
                   "must be \"whsec_\" and the base64 of 24 to 64 bytes",
                   "make one: echo whsec_$(openssl rand -base64 32)");
    }
  }
  reader.finish();
  return [options](const SenderDeps& deps) { return std::make_unique<Webhook>(options, deps.client); };
}

}  // namespace deadcalm::alerting
