#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <set>

#include "app/commands/commands.h"
#include "app/load_estimate.h"
#include "evaluator/false_pages.h"
#include "evaluator/promise.h"
#include "model/duration.h"
#include "probes/ladder.h"
#include "probes/registry.h"
#include "probes/write_probe.h"
#include "runtime/clock.h"
#include "store/sqlite/sqlite_store.h"

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

double a_day(Millis interval) {
  return 86'400'000.0 / static_cast<double>(interval.count());
}

double cycles_a_day(const ConfiguredService& service) {
  double cycles = 0;
  for (const auto& write : service.policy.writes) cycles += a_day(write.interval);
  return cycles;
}

std::string writes_line(const ConfiguredService& service) {
  std::size_t live = 0, sentinels = 0;
  std::int64_t records = 0;
  double calls = 0, budget = 0;  // a day
  bool limited = true;
  for (const auto& write : service.writes) {
    const auto keep = static_cast<std::size_t>(write.path.keep);
    const std::size_t most = probes::most_on_ladder(write.path.sentinels);
    const probes::Budget& given = write.path.budget;
    live += keep > 0 ? keep : 2;
    sentinels += most;
    records +=
        given.live_records > 0 ? given.live_records : probes::usual_live_records(write.path.keep, most);
    budget += static_cast<double>(given.canaries_a_day);
    limited = limited && given.canaries_a_day > 0;
    calls += a_day(write.common.interval) * (keep > 0 ? write.path.keep + 2 : 5) +
             static_cast<double>(most) * a_day(write.path.verify_every);
  }
  return fmt::format(
      "{} canaries a day; at most {} live + {} unresolved{}; {:.2f} M calls a month; budget {}{} records",
      grouped(cycles_a_day(service)), live, 3 * service.writes.size(),
      sentinels > 0 ? fmt::format(" + {} sentinels", sentinels) : "", calls * 30 / 1e6,
      limited ? grouped(budget) + " canaries a day, " : "", records);
}

// What pushes its writes to clients: each of them pays for every one of ours.
std::string fan_out_line(const ConfiguredWrite& write) {
  const double updates = a_day(write.common.interval);
  if (write.path.clients == 0) {
    return fmt::format(
        "{} updates a day, each pushed to every subscribed client; `clients:` tells how many "
        "messages that makes",
        grouped(updates));
  }
  const double clients = static_cast<double>(write.path.clients);
  return fmt::format("{} updates a day x {} subscribed clients = {} messages a day, {:.2f} M a month",
                     grouped(updates), grouped(clients), grouped(updates * clients),
                     updates * clients * 30 / 1e6);
}

void silence_line(const ConfiguredService& service, Lines& lines) {
  const ConfiguredTraffic& traffic = *service.traffic;
  const bool pages = service.policy.on_silence_page;
  lines.add(pages ? "silence → page" : "silence → notice",
            fmt::format(
                "when nothing was committed for so long that luck makes it once in {} (and below 1 in {}){}; "
                "{}, every {} over {}; learns for a week first",
                pages ? "10 years" : "a year", pages ? "10 000" : "1 000",
                pages ? "" : ", page once no write was verified for 2 intervals", traffic.common.type,
                model::to_text(traffic.common.interval), model::to_text(traffic.path.window)));
}

// Assumed until a week was measured. Where no look failed, the chance is at most what that still allows.
evaluator::Assumptions assumptions_of(const std::optional<monitor::Measured>& measured) {
  evaluator::Assumptions assumptions;
  if (!measured) return assumptions;
  const auto looks = static_cast<double>(measured->looks);
  const double p = measured->failed > 0 ? static_cast<double>(measured->failed) / looks
                                        : evaluator::upper_bound_of_p(looks);
  assumptions.p = std::min(p, 0.99);
  return assumptions;
}

std::string false_pages_line(const evaluator::Promise& promise,
                             const std::optional<monitor::Measured>& measured) {
  const std::string rate = once_per(promise.false_page_seconds);
  const std::string bursts = once_per(promise.false_page_seconds_in_bursts);
  if (!measured) {
    return fmt::format(
        "{} failed looks in a row; assuming 1 % random failures: {} (bursts, ρ = 0.5: {}); "
        "measured here: not yet",
        promise.looks_in_a_row, rate, bursts);
  }
  const std::string looks = grouped(static_cast<double>(measured->looks));
  const double p = assumptions_of(measured).p * 100;
  const std::string found = measured->failed == 0
                                ? fmt::format("none of {} single looks failed, so at most {:.2g} %", looks, p)
                                : fmt::format("{} of {} single looks failed, {:.2g} %",
                                              grouped(static_cast<double>(measured->failed)), looks, p);
  return fmt::format("{} failed looks in a row; measured here: {}: {} (bursts, ρ = 0.5: {})",
                     promise.looks_in_a_row, found, rate, bursts);
}

void service_lines(const ConfiguredService& service, const Configured& configured,
                   const std::optional<monitor::Measured>& measured, std::string& text) {
  Lines lines(service.name);
  const evaluator::Promise promise = evaluator::promise(service.policy, assumptions_of(measured));
  if (promise.page) lines.add("outage → page", outage_line(service, *promise.page, promise.shortest));
  if (!promise.page && promise.view_page) {
    lines.add("outage → page",
              "≤ " + spelled(*promise.view_page) +
                  (service.policy.has_checks_only() ? "   (by its checks; truth is not measured)"
                                                    : "   (client path only: truth is not measured)"));
  }
  if (promise.data_loss) lines.add("data loss → page", "≤ " + spelled(*promise.data_loss));
  std::string more;
  const auto also = [&](const std::string& text) { more += (more.empty() ? "" : "; ") + text; };
  if (promise.page && promise.view_page && !service.views.empty())
    also((service.policy.has_checks_only() ? "a check alone ≤ " : "client path alone ≤ ") +
         spelled(*promise.view_page));
  if (promise.stale)
    also("stale clients → page ≤ " + spelled(*promise.stale) + " (longer where answers may be cached)");
  if (promise.disputed_page && service.policy.traffic) also("disputed ≤ " + spelled(*promise.disputed_page));
  if (promise.contract_page) also("writing broken by a deploy ≤ " + spelled(*promise.contract_page));
  if (!more.empty()) lines.add("others", more);
  if (service.traffic) silence_line(service, lines);
  if (promise.looks_in_a_row > 0) {
    lines.add("false pages", false_pages_line(promise, measured));
  }
  if (service.policy.has_write()) lines.add("writes", writes_line(service));
  for (const ConfiguredWrite& write : service.writes) {
    if (write.path.keep > 0) lines.add("fan-out", fan_out_line(write));
  }
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
  if (!service.policy.has_view() || (service.policy.has_write() && service.policy.has_checks_only()))
    lines.add("view", "not measured: an outage is told, but not whether clients see it");
  text += std::move(lines).text();
}

std::string load_line(const LoadEstimate& load) {
  std::string text = fmt::format("{:.3g} looks a second, about {:.2g} % of one core", load.looks_a_second,
                                 load.core_share * 100);
  if (load.core_share > kMostOfACore)
    text +=
        ": MORE THAN HALF. Looks will start late; give longer intervals, or divide the services among "
        "several "
        "deadcalms";
  return text;
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

std::string promises_text(const Configured& configured,
                          const std::map<std::string, monitor::Measured>& measured) {
  std::string text;
  for (const ConfiguredService& service : configured.services) {
    const auto found = measured.find(service.name);
    const auto here = found == measured.end() ? std::nullopt : std::optional(found->second);
    service_lines(service, configured, here, text);
  }
  Lines pages("pages");
  pages.add("", pages_line(configured));
  Lines load("load");
  load.add("", load_line(estimate_load(planned_looks(configured))));
  return text + std::move(pages).text() + std::move(load).text();
}

std::map<std::string, monitor::Measured> measured_looks(const Configured& configured, model::WallTime now) {
  std::map<std::string, monitor::Measured> measured;
  const auto documents = store::read_documents(configured.options().store.path, monitor::kLookCounts);
  if (!documents) return measured;
  for (const store::Document& document : *documents) {
    const auto counts = monitor::look_counts_from_json(document.text);
    const auto looks = counts ? monitor::measured(*counts, now) : std::nullopt;
    if (!looks) continue;
    monitor::Measured& sum = measured[document.key.substr(0, document.key.find('/'))];
    sum.looks += looks->looks;
    sum.failed += looks->failed;
  }
  return measured;
}

int check(const GlobalFlags& flags, std::ostream& out, std::ostream& err) {
  const auto configured = load_or_tell(flags, err);
  if (!configured) return kBadUsage;
  const model::WallTime now = runtime::SystemClock{}.now().wall;
  out << promises_text(*configured, measured_looks(*configured, now));
  return kDone;
}

}  // namespace deadcalm::app
