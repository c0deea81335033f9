#pragma once
// The judgement about a service, and what is done about it.
#include "model/names.h"

namespace deadcalm::model {

enum class Verdict {
  healthy,
  degraded,
  suspect_silence,
  disputed,
  stale_clients,
  read_only,
  auth_broken,
  backend_outage,
  visible_outage,
  masked_outage,
  data_loss,
  monitor_blind,
  unknown,
};

// Do clients look fine while the backend is not?
enum class Masked { no, yes, unknown };

// How a verdict is confirmed; highest first in rank (see evaluator/confirmation.h).
enum class AlarmClass { none, soft, silence, stale, hard, loss, blind, unknown };

// Page = wake somebody; notify = read it tomorrow.
enum class Alarm { none, notify, page };

enum class Severity { info, warning, error, critical };

template <>
struct Names<Verdict> {
  static constexpr std::array<std::string_view, 13> values{
      "healthy",   "degraded",      "suspect_silence", "disputed",       "stale_clients",
      "read_only", "auth_broken",   "backend_outage",  "visible_outage", "masked_outage",
      "data_loss", "monitor_blind", "unknown"};
};
template <>
struct Names<Masked> {
  static constexpr std::array<std::string_view, 3> values{"no", "yes", "unknown"};
};
template <>
struct Names<AlarmClass> {
  static constexpr std::array<std::string_view, 8> values{"none", "soft", "silence", "stale",
                                                          "hard", "loss", "blind",   "unknown"};
};
template <>
struct Names<Alarm> {
  static constexpr std::array<std::string_view, 3> values{"none", "notify", "page"};
};
template <>
struct Names<Severity> {
  static constexpr std::array<std::string_view, 4> values{"info", "warning", "error", "critical"};
};

}  // namespace deadcalm::model
