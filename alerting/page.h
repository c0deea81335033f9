#pragma once
// One message to one channel, as it is stored with its outbox row and handed to a sender.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alerting/page_text.h"
#include "model/error.h"

namespace deadcalm::alerting {

struct Page {
  PageKind kind = PageKind::trigger;
  model::Subject subject;
  int generation = 0;     // 0: belongs to no incident (a test page)
  std::string dedup_key;  // the same for all messages of one incident; at most 255 characters
  model::Verdict verdict = model::Verdict::unknown;
  model::Masked masked = model::Masked::unknown;
  model::Alarm alarm = model::Alarm::none;
  model::Severity severity = model::Severity::info;
  model::WallTime opened_at{}, written_at{};
  std::optional<model::WallTime> over_at;  // resolve: when it ended
  std::string site;
  std::string runbook;
  std::vector<std::pair<std::string, std::string>> labels;
  PageText text;
  std::vector<std::string> fallback;  // the other channels of the route, told if this one refuses
  bool is_fallback = false;           // told because another channel refused
};

// The stored form. Fields are added, never renamed; unknown ones are ignored.
std::string to_json(const Page& page);
model::Result<Page> page_from_json(const std::string& text);

}  // namespace deadcalm::alerting
