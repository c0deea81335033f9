#include "alerting/senders/console/console.h"

#include "model/duration.h"

namespace deadcalm::alerting {

net::awaitable<SendResult> Console::send(Delivery delivery) {
  const Page& page = delivery.page;
  out_ << "--- " << model::rfc3339(delivery.now) << ' ' << model::name(page.kind) << " ["
       << model::name(page.severity) << "]" << (delivery.resend ? " (sent again)" : "") << '\n'
       << block(page.text);
  if (!page.runbook.empty()) out_ << "  Runbook: " << page.runbook << '\n';
  out_ << "  " << delivery.id << '\n' << std::flush;
  if (!out_) {
    out_.clear();
    co_return Retry{"cannot write to the console", true, {}, false};
  }
  co_return Accepted{};
}

const RetryTable& Console::retries() const {
  using std::chrono::seconds;
  static const RetryTable table{.delays = {seconds{1}, seconds{5}, seconds{30}}};
  return table;
}

}  // namespace deadcalm::alerting
