#pragma once
// Writes pages to a stream, as a block that reads well in a terminal or a container's log.
#include <ostream>

#include "alerting/sender.h"

namespace deadcalm::alerting {

class Console final : public Sender {
 public:
  explicit Console(std::ostream& out) : out_(out) {}
  net::awaitable<SendResult> send(Delivery delivery) override;
  bool can_update() const override { return true; }
  const RetryTable& retries() const override;

 private:
  std::ostream& out_;
};

}  // namespace deadcalm::alerting
