#pragma once
// Slack's incoming webhooks. They answer "ok" without an id, so a message can be neither edited nor
// threaded: updates are not sent. One message a second per channel; on 429 the whole channel waits, since
// going on may disable it for good (https://docs.slack.dev/apis/web-api/rate-limits).
#include "alerting/registry.h"
#include "model/secret.h"

namespace deadcalm::alerting {

class Slack final : public Sender {
 public:
  Slack(model::Secret webhook_url, runtime::HttpClient& client)
      : webhook_url_(std::move(webhook_url)), client_(client) {}
  net::awaitable<SendResult> send(Delivery delivery) override;
  bool can_update() const override { return false; }
  const RetryTable& retries() const override;

 private:
  model::Secret webhook_url_;
  runtime::HttpClient& client_;
};

// Keys: webhook_url or webhook_url_file.
MakeSender decode_slack(config::Reader& reader);

// Block Kit within its limits (header 150, section 3000, 10 fields of 2000, 10 context elements, under
// 10 000 in all), `text` for lock screens and screen readers, & < > escaped, nothing unfurled: Slack would
// fetch every link.
std::string slack_body(const Delivery& delivery);

}  // namespace deadcalm::alerting
