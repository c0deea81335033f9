#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <set>

#include "app/commands/commands.h"
#include "evaluator/promise.h"
#include "model/duration.h"
#include "probes/registry.h"
#include "runtime/clock.h"

namespace deadcalm::app {
namespace {

using evaluator::Millis;

std::string in_seconds(Millis d) {
  return fmt::format("{} s", (d.count() + 999) / 1000);
}
std::string spelled(Millis d) {
  if (d < std::chrono::minutes{5}) return in_seconds(d);
  return model::for_people(d);
}

// 1 440 instead of 1440.
std::string grouped(double count) {
  std::string digits = fmt::format("{:.0f}", count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  return digits;
}

std::string once_per(double seconds) {
  constexpr double day = 86'400;
  constexpr double year = 365.25 * day;
  if (seconds > 1000 * year) return "less than 1 per 1 000 years";
  if (seconds > 2 * year) return fmt::format("1 per {:.0f} years", seconds / year);
  if (seconds > 2 * day) return fmt::format("1 per {:.0f} days", seconds / day);
  if (seconds > 2 * 3600) return fmt::format("1 per {:.0f} hours", seconds / 3600);
  return fmt::format("1 per {:.0f} min", seconds / 60);
}

class Lines {
 public:
  explicit Lines(std::string first) : head_(std::move(first)) {}
  void add(std::string_view key, const std::string& text) {
    text_ += fmt::format("{:<12} {:<16} {}\n", std::exchange(head_, ""), key, text);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string head_, text_;
};

std::string outage_line(const ConfiguredService& service, Millis page, Millis shortest) {
  const evaluator::Policy& p = service.policy;
  const auto& first = p.writes.front();
  return fmt::format(
      "≤ {}   ({} interval, {} in a row, failing for {}, {} recheck, {} timeout); shortest outage that "
      "pages: {}",
      spelled(page), model::to_text(first.interval), p.failure_threshold, model::to_text(p.for_),
      model::to_text(p.recheck_interval), model::to_text(first.timeout), spelled(shortest));
}

double cycles_a_day(const ConfiguredService& service) {
  double cycles = 0;
  for (const auto& write : service.policy.writes)
    cycles += 86'400'000.0 / static_cast<double>(write.interval.count());
  return cycles;
}

std::string writes_line(const ConfiguredService& service) {
  const double cycles = cycles_a_day(service);
  return fmt::format("{} canaries a day; at most 2 live + 3 unresolved; {:.2f} M calls a month",
                     grouped(cycles), cycles * 5 * 30 / 1e6);
}

void service_lines(const ConfiguredService& service, const Configured& configured, std::string& text) {
  Lines lines(service.name);
  const evaluator::Promise promise = evaluator::promise(service.policy);
  if (promise.page) lines.add("outage → page", outage_line(service, *promise.page, promise.shortest));
  if (!promise.page && promise.view_page) {
    lines.add("outage → page",
              "≤ " + spelled(*promise.view_page) + "   (client path only: truth is not measured)");
  }
  if (promise.data_loss) lines.add("data loss → page", "≤ " + spelled(*promise.data_loss));
  std::string more;
  if (promise.stale)
    more = "stale clients → page ≤ " + spelled(*promise.stale) + " (longer where answers may be cached)";
  if (promise.disputed_page && service.policy.traffic)
    more += "; disputed ≤ " + spelled(*promise.disputed_page);
  if (promise.contract_page) more += "; writing broken by a deploy ≤ " + spelled(*promise.contract_page);
  if (!more.empty()) lines.add("others", more);
  if (promise.looks_in_a_row > 0) {
    lines.add("false pages", fmt::format("{} failed looks in a row; assuming 1 % random failures: {} "
                                         "(bursts, ρ = 0.5: {}); measured here: not yet",
                                         promise.looks_in_a_row, once_per(promise.false_page_seconds),
                                         once_per(promise.false_page_seconds_in_bursts)));
  }
  if (service.policy.has_write()) lines.add("writes", writes_line(service));
  for (std::size_t i = 0; i < service.writes.size(); ++i) {
    net::io_context io(1);
    runtime::SystemClock clock;
    runtime::HttpClient client(io.get_executor());
    const probes::BackendDeps deps{clock,
                                   client,
                                   io.get_executor(),
                                   configured.loaded.environment,
                                   "00000000",
                                   model::Secret("not used")};
    const auto& path = service.writes[i].path;
    std::string proves = path.backend(deps)->describe({}).proves;
    proves +=
        path.read_from ? "; " + path.read_from(deps)->describe({}).proves : ", read through the same door";
    lines.add("proves", proves);
  }
  if (!service.policy.has_view())
    lines.add("view", "not measured: an outage is told, but not whether clients see it");
  text += std::move(lines).text();
}

std::string pages_line(const Configured& configured) {
  std::string names;
  std::set<std::string> kinds;
  for (const auto& channel : configured.channels) {
    names += (names.empty() ? "" : ", ") + channel.name;
    kinds.insert(channel.type);
  }
  if (names.empty()) return "nobody: no channel is configured";
  return fmt::format("{}: {} kind{} of provider", names, kinds.size(), kinds.size() == 1 ? "" : "s");
}

}  // namespace

std::string promises_text(const Configured& configured) {
  std::string text;
  for (const ConfiguredService& service : configured.services) service_lines(service, configured, text);
  Lines lines("pages");
  lines.add("", pages_line(configured));
  return text + std::move(lines).text();
}

int check(const GlobalFlags& flags, std::ostream& out, std::ostream& err) {
  const auto configured = load_or_tell(flags, err);
  if (!configured) return kBadUsage;
  out << promises_text(*configured);
  return kDone;
}

}  // namespace deadcalm::app
