#pragma once
// Logging: spdlog to standard error, as text or JSON lines, with every known secret masked. Code logs
// with spdlog::info(...) and friends; logs tell changes and failures, never heartbeats.
#include <string>
#include <string_view>
#include <vector>

#include "model/names.h"
#include "model/secret.h"

namespace deadcalm::runtime {

enum class LogFormat { text, json };

// level: trace, debug, info, warn, error or off. Call once from main, before other threads start.
void configure_log(std::string_view level, LogFormat format);

// Values that must never reach a log line, an API answer or the terminal; each is masked as it stands
// and in its base64 and percent-encoded forms. Shorter than 4 characters: ignored (they would mask
// half the text). Any thread.
void mask_in_logs(const std::vector<model::Secret>& secrets);

// `text` with every known secret replaced by <redacted>. Any thread.
std::string masked(std::string_view text);

}  // namespace deadcalm::runtime

template <>
struct deadcalm::model::Names<deadcalm::runtime::LogFormat> {
  static constexpr std::array<std::string_view, 2> values{"text", "json"};
};
