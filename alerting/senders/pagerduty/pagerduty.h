#pragma once
// PagerDuty's Events API v2 (https://developer.pagerduty.com/docs/events-api-v2/overview/). 202 means
// queued there, not that somebody was called. One alert per incident by its dedup_key; an update is another
// trigger with the same key, which changes the open alert and calls nobody again.
#include "alerting/registry.h"
#include "model/secret.h"

namespace deadcalm::alerting {

struct PagerdutyOptions {
  model::Secret routing_key;
  std::string url = "https://events.pagerduty.com/v2/enqueue";
};

class Pagerduty final : public Sender {
 public:
  Pagerduty(PagerdutyOptions options, runtime::HttpClient& client)
      : options_(std::move(options)), client_(client) {}
  net::awaitable<SendResult> send(Delivery delivery) override;
  bool can_update() const override { return true; }
  const RetryTable& retries() const override;

 private:
  PagerdutyOptions options_;
  runtime::HttpClient& client_;
};

// Keys: routing_key or routing_key_file, url.
MakeSender decode_pagerduty(config::Reader& reader);

std::string pagerduty_body(const Delivery& delivery, const model::Secret& routing_key);

}  // namespace deadcalm::alerting
