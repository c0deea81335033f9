#include "alerting/deadman.h"

#include <spdlog/spdlog.h>

namespace deadcalm::alerting {
namespace {

constexpr model::Millis kPauses[] = {std::chrono::seconds{1}, std::chrono::seconds{3}};

runtime::HttpRequest ping(const std::string& url, const std::optional<std::string>& why_not) {
  runtime::HttpRequest request;
  request.url = url;
  if (why_not) {
    request.url = url + (url.ends_with('/') ? "fail" : "/fail");
    request.method = "POST";
    request.body = *why_not;
    request.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  }
  request.headers.emplace_back("User-Agent", "deadcalm/" DEADCALM_VERSION);
  request.max_body_bytes = 64 << 10;
  return request;
}

}  // namespace

Deadman::Deadman(config::DeadmanOptions options, DeadmanDeps deps)
    : options_(std::move(options)),
      deps_(std::move(deps)),
      tasks_(deps_.executor, [](const std::string& task, const std::string& what) {
        spdlog::critical("deadman: task failed: task={} what={}", task, what);
      }) {}

void Deadman::start() {
  tasks_.spawn("deadman", run());
}

net::awaitable<void> Deadman::stop() {
  tasks_.stop();
  co_await tasks_.join();
}

net::awaitable<void> Deadman::run() {
  for (;;) {
    const model::SteadyTime next = deps_.clock.now().steady + options_.every;
    co_await round();
    co_await deps_.clock.sleep_until(next);
  }
}

net::awaitable<void> Deadman::round() {
  const std::size_t tries = 1 + std::size(kPauses);
  for (std::size_t i = 0; i < tries; ++i) {
    const auto why_not = deps_.stale();  // asked anew: a late "all is well" would be a lie
    runtime::HttpRequest request = ping(options_.url, why_not);
    const auto answer = co_await deps_.client.fetch(std::move(request));
    if (answer && answer->status >= 200 && answer->status < 300) {
      if (!why_not) status_.last_ok = deps_.clock.now().wall;
      if (why_not) spdlog::warn("deadman: told that we are not well: {}", *why_not);
      if (!status_.last_error.empty()) spdlog::info("deadman: the ping is taken again");
      status_.last_error.clear();
      co_return;
    }
    const bool first = status_.last_error.empty();
    status_.last_error = answer ? "answered " + std::to_string(answer->status) : answer.error().message;
    if (first) spdlog::warn("deadman: ping not taken: {}", status_.last_error);
    if (i + 1 < tries) co_await deps_.clock.sleep_for(kPauses[i]);
  }
  ++status_.failed;
}

}  // namespace deadcalm::alerting
