#include <algorithm>

#include "config/decode.h"
#include "config/expand.h"
#include "model/duration.h"

namespace deadcalm::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The first range of fixed length in a query, "[5m]" or "[5m:1m]"; empty if there is none.
std::string_view fixed_range(std::string_view query) {
  for (std::size_t open = query.find('['); open != std::string_view::npos; open = query.find('[', open + 1)) {
    std::size_t at = open + 1;
    while (at < query.size() && is_digit(query[at])) ++at;
    const bool has_number = at > open + 1;
    const std::size_t close = query.find(']', at);
    if (has_number && close != std::string_view::npos && at < close &&
        std::string_view("smhdwy").contains(query[at])) {
      return query.substr(open, close - open + 1);
    }
  }
  return {};
}

bool names_canary(std::string_view text) {
  return std::ranges::any_of(references(text),
                             [](std::string_view name) { return name.starts_with("canary."); });
}

}  // namespace

void refuse_canary_names(const Node& view, Faults& faults) {
  constexpr std::string_view kMessage = "a view looks at a stable address, where no ${canary...} is known";
  constexpr std::string_view kHint = "let it return the newest canary, for example a list or \"latest\"";
  if (view.is_scalar() && names_canary(view.text)) faults.add(view, std::string(kMessage), kHint);
  for (const Node& item : view.items) refuse_canary_names(item, faults);
  for (const Entry& entry : view.entries) {
    if (names_canary(entry.key))
      faults.add(entry.mark, entry.value.path.text(), std::string(kMessage), kHint);
    refuse_canary_names(entry.value, faults);
  }
}

void check_traffic_query(const Node& traffic, Faults& faults) {
  const Node* query = traffic.find("query");
  if (query == nullptr || !query->is_scalar()) return;
  if (const std::string_view range = fixed_range(query->text); !range.empty()) {
    faults.add(*query, "a fixed range " + std::string(range) + " still shows commits from before an outage",
               "write [${window}]");
    return;
  }
  const auto names = references(query->text);
  if (std::ranges::none_of(names, [](std::string_view name) { return traffic_names().allow(name); })) {
    for (const std::string_view name : names) {
      const std::string hint = did_you_mean(name, traffic_names().words);
      if (!hint.empty()) faults.add(*query, "${" + std::string(name) + "} is unknown", hint);
      if (!hint.empty()) return;
    }
    faults.add(*query, "must count since the first failed write only", "use ${window} or ${since}");
  }
}

void check_slow_after(const ServiceOptions& service, const Node& node, Faults& faults) {
  if (!service.policy.slow_after) return;
  for (const ProbeOptions& probe : service.write) {
    if (*service.policy.slow_after <= probe.timeout) continue;
    const Node* policy = node.find("policy");
    const Node* own = policy == nullptr ? nullptr : policy->find("slow_after");
    faults.add(own == nullptr ? node : *own, "slow_after (" + model::to_text(*service.policy.slow_after) +
                                                 ") is longer than the timeout (" +
                                                 model::to_text(probe.timeout) + ") of " + probe.name +
                                                 ", so nothing could be slow");
  }
}

}  // namespace deadcalm::config
