#include "evaluator/promise.h"

#include <algorithm>
#include <limits>

#include "evaluator/alarm.h"
#include "evaluator/confirmation.h"
#include "evaluator/false_pages.h"
#include "evaluator/freshness.h"

namespace deadcalm::evaluator {
namespace {

Millis::rep rounds(Millis span, Millis step) {
  const Millis::rep s = std::max<Millis::rep>(step.count(), 1);
  return (span.count() + s - 1) / s;
}

// Rechecks after the first failed look until a hard outage is confirmed.
Millis::rep rechecks(const Policy& policy, Millis apart) {
  return std::max<Millis::rep>(policy.failure_threshold - 1, rounds(policy.for_, apart));
}

template <class Probe>
Millis hard_page(const Policy& policy, const Probe& probe) {
  const Millis r = recheck_spacing(policy, probe);
  return probe.interval + rechecks(policy, r) * r + probe.timeout;
}

Millis loss_page(const Policy& policy, const WriteProbe& probe) {
  const Millis r = recheck_spacing(policy, probe);
  const Millis::rep reads = std::max<Millis::rep>(kLossReads - 1, rounds(policy.loss_recheck, r));
  return probe.interval + reads * r + probe.timeout;
}

Millis soft_notice(const Policy& policy, const WriteProbe& probe) {
  return probe.interval + (kSoftLooks - 1) * recheck_spacing(policy, probe) + probe.timeout;
}

// An acknowledged canary that nobody sees is behind after A_max, and confirmed after two more.
Millis stale_page(const Policy& policy, const WriteProbe& write, Millis lifetime) {
  Millis limit{};
  for (const ViewProbe& view : policy.views)
    limit = std::max(limit, stale_limit(policy, write, &view, lifetime));
  return write.interval + 3 * limit;
}

void raise(std::optional<Millis>& worst, Millis value) {
  worst = std::max(worst.value_or(value), value);
}

// Rates of false pages add up over the probes that can page.
struct Rates {
  double alone = 0, in_bursts = 0;

  void add(Millis interval, int in_a_row, const Assumptions& a) {
    const double seconds = static_cast<double>(interval.count()) / 1000;
    alone += 1 / (seconds * looks_to_false_page(a.p, in_a_row));
    in_bursts += 1 / (seconds * looks_to_false_page_in_bursts(a.p, in_a_row, a.rho));
  }
};

template <class Probe>
int looks_in_a_row(const Policy& policy, const Probe& probe) {
  return static_cast<int>(rechecks(policy, recheck_spacing(policy, probe))) + 1;
}

}  // namespace

Promise promise(const Policy& policy, const Assumptions& assumptions) {
  Promise result;
  result.looks_in_a_row = std::numeric_limits<int>::max();
  Rates rates;
  std::optional<Millis> shortest;
  const auto count = [&](const auto& probe) {
    const Millis r = recheck_spacing(policy, probe);
    const Millis failing = rechecks(policy, r) * r;  // the last look must still fail
    shortest = std::min(shortest.value_or(failing), failing);
    const int in_a_row = looks_in_a_row(policy, probe);
    result.looks_in_a_row = std::min(result.looks_in_a_row, in_a_row);
    rates.add(probe.interval, in_a_row, assumptions);
  };
  for (const WriteProbe& write : policy.writes) {
    raise(result.page, hard_page(policy, write));
    raise(result.data_loss, loss_page(policy, write));
    const Millis notice = soft_notice(policy, write);
    raise(result.disputed, notice);
    raise(result.disputed_page, std::max(notice, write.interval + kDisputedPages));
    raise(result.contract_page, std::max(notice, write.interval + kContractPages));
    if (!policy.views.empty() && !policy.has_checks_only())
      raise(result.stale, stale_page(policy, write, assumptions.lifetime));
    count(write);
  }
  for (const ViewProbe& view : policy.views) {
    raise(result.view_page, view.unseen + hard_page(policy, view));
    count(view);
  }
  result.shortest = shortest.value_or(Millis{}) + std::chrono::seconds{1};
  if (rates.alone > 0) {
    result.false_page_seconds = 1 / rates.alone;
    result.false_page_seconds_in_bursts = 1 / rates.in_bursts;
  } else {
    result.looks_in_a_row = 0;
  }
  return result;
}

}  // namespace deadcalm::evaluator
