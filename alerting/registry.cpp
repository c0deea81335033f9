#include "alerting/registry.h"

#include "alerting/senders/console/console.h"
#include "alerting/senders/pagerduty/pagerduty.h"
#include "alerting/senders/slack/slack.h"
#include "alerting/senders/webhook/webhook.h"

namespace deadcalm::alerting {
namespace {

MakeSender decode_console(config::Reader& reader) {
  reader.finish();
  return [](const SenderDeps& deps) { return std::make_unique<Console>(deps.out); };
}

struct Kind {
  std::string_view name;
  MakeSender (*decode)(config::Reader&);
};

constexpr Kind kKinds[] = {
    {"console", &decode_console},
    {"pagerduty", &decode_pagerduty},
    {"slack", &decode_slack},
    {"webhook", &decode_webhook},
};

}  // namespace

MakeSender decode_channel(const std::string& type, config::Reader& reader) {
  for (const Kind& kind : kKinds) {
    if (kind.name == type) return kind.decode(reader);
  }
  reader.leave_the_rest();  // an unknown type was told when the file was read
  return {};
}

std::vector<std::string> channel_types() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace deadcalm::alerting
