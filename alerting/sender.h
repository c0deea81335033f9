#pragma once
// A way to reach people. One folder of senders/ per kind; registry.h lists them.
#include <optional>
#include <string>
#include <variant>

#include "alerting/page.h"
#include "alerting/retry.h"
#include "runtime/net.h"

namespace deadcalm::alerting {

struct Delivery {
  Page page;
  std::string id;                          // of the message; the same through all retries
  bool resend = false;                     // an earlier attempt may have been received
  std::optional<model::WallTime> over_at;  // a trigger that is late: the incident ended then
  model::WallTime now{};                   // of this attempt
};

struct Accepted {
  std::string provider_ref;  // what the receiver calls it; may be empty
};
struct Retry {
  std::string reason;
  bool ambiguous = false;              // it may have been received
  std::optional<model::Millis> after;  // the receiver says: not earlier
  bool hold_channel = false;           // no other message of the channel before that either (429)
};
struct Rejected {
  std::string reason;  // permanent: the same message will never be taken
};
using SendResult = std::variant<Accepted, Retry, Rejected>;

// Loop thread only. send() never throws for what the receiver does and ends within 15 s; it gets one
// Delivery at a time per channel and incident.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual net::awaitable<SendResult> send(Delivery delivery) = 0;
  // Can a told incident be changed where people see it? If not, updates are not sent.
  virtual bool can_update() const = 0;
  virtual const RetryTable& retries() const = 0;
};

}  // namespace deadcalm::alerting
