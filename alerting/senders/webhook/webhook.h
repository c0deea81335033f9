#pragma once
// POST of a JSON body, signed as Standard Webhooks asks (https://www.standardwebhooks.com, specification
// 1.0): webhook-id is the same through all retries, so receivers can tell duplicates; webhook-timestamp is
// that of the attempt; webhook-signature is "v1," + base64(HMAC-SHA256(secret, id.timestamp.body)).
// Body: docs/formats.md, "Webhook".
#include <optional>

#include "alerting/registry.h"
#include "model/secret.h"

namespace deadcalm::alerting {

struct WebhookOptions {
  std::string url;
  std::optional<model::Secret> key;  // the secret's bytes, decoded; absent: not signed
};

class Webhook final : public Sender {
 public:
  Webhook(WebhookOptions options, runtime::HttpClient& client)
      : options_(std::move(options)), client_(client) {}
  net::awaitable<SendResult> send(Delivery delivery) override;
  bool can_update() const override { return true; }
  const RetryTable& retries() const override;

 private:
  WebhookOptions options_;
  runtime::HttpClient& client_;
};

// Keys: url, secret or secret_file ("whsec_" + base64 of 24 to 64 bytes; optional).
MakeSender decode_webhook(config::Reader& reader);

std::string webhook_body(const Delivery& delivery);
std::string webhook_signature(const model::Secret& secret, const std::string& id, std::int64_t timestamp,
                              const std::string& body);

}  // namespace deadcalm::alerting
