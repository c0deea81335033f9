#include "runtime/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <mutex>
#include <set>

#include "model/encoding.h"

namespace deadcalm::runtime {
namespace {

struct Masks {
  std::mutex mutex;
  std::vector<std::string> texts;  // longest first, so that a secret inside another is no problem
};

Masks& masks() {
  static Masks instance;
  return instance;
}

// Masks after the pattern was applied, so that no part of a line escapes.
class MaskingFormatter final : public spdlog::formatter {
 public:
  MaskingFormatter(std::unique_ptr<spdlog::formatter> inner, LogFormat format)
      : inner_(std::move(inner)), format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    std::string text = masked({message.payload.data(), message.payload.size()});
    if (format_ == LogFormat::json) text = boost::json::serialize(boost::json::value(text));
    spdlog::details::log_msg clean = message;
    clean.payload = text;
    inner_->format(clean, out);
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<MaskingFormatter>(inner_->clone(), format_);
  }

 private:
  std::unique_ptr<spdlog::formatter> inner_;
  LogFormat format_;
};

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})";

}  // namespace

void configure_log(std::string_view level, LogFormat format) {
  auto logger =
      std::make_shared<spdlog::logger>("deadcalm", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  const char* pattern = format == LogFormat::json ? kJsonPattern : kTextPattern;
  logger->set_formatter(std::make_unique<MaskingFormatter>(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc), format));
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void mask_in_logs(const std::vector<model::Secret>& secrets) {
  std::set<std::string> texts;
  for (const model::Secret& secret : secrets) {
    const std::string& text = secret.reveal();
    if (text.size() < 4) continue;
    texts.insert({text, model::base64(text), model::url_encoded(text)});
  }
  Masks& known = masks();
  const std::lock_guard lock(known.mutex);
  texts.insert(known.texts.begin(), known.texts.end());
  known.texts.assign(texts.begin(), texts.end());
  std::ranges::sort(known.texts, [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string masked(std::string_view text) {
  std::string out{text};
  Masks& known = masks();
  const std::lock_guard lock(known.mutex);
  for (const std::string& secret : known.texts) {
    for (std::size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
      out.replace(at, secret.size(), "<redacted>");
      at += std::string_view("<redacted>").size();
    }
  }
  return out;
}

}  // namespace deadcalm::runtime
