// The numbers that `check` prints, and the evaluator held to them.
#include "evaluator/promise.h"

#include <catch2/catch.hpp>

#include "evaluator/false_pages.h"
#include "tests/evaluator/holds.h"
#include "tests/evaluator/simulation.h"

using namespace deadcalm::evaluator::testing;
using namespace deadcalm::model;
using deadcalm::evaluator::Policy;
using deadcalm::evaluator::Promise;
using deadcalm::evaluator::promise;

namespace {

constexpr Millis kOutage = 10min;  // when it begins; before, all is well

Policy any_policy() {
  Policy policy = usual_policy();
  policy.failure_threshold = *rc::gen::inRange(1, 6);
  policy.for_ = Millis{1000 * *rc::gen::inRange(0, 200)};
  policy.recheck_interval = Millis{1000 * *rc::gen::inRange(1, 31)};
  policy.loss_recheck = Millis{1000 * *rc::gen::inRange(1, 61)};
  policy.writes[0].timeout = Millis{1000 * *rc::gen::inRange(1, 31)};
  policy.writes[0].interval = policy.writes[0].timeout + Millis{1000 * *rc::gen::inRange(1, 300)};
  return policy;
}

Millis any_phase(const Policy& policy) {
  return Millis{*rc::gen::inRange<std::int64_t>(0, policy.writes[0].interval.count())};
}

}  // namespace

TEST_CASE("the promises of the default policy") {
  const Promise p = promise(policy_with_view(), {.lifetime = 60s});
  CHECK(p.page == Millis{130s});
  CHECK(p.view_page == Millis{130s});
  CHECK(p.data_loss == Millis{100s});
  CHECK(p.shortest == 61s);
  CHECK(p.stale == Millis{660s});  // 60 s until the next canary, then three times A_max = 200 s
  CHECK(p.disputed == Millis{110s});
  CHECK(p.disputed_page == Millis{16min});
  CHECK(p.contract_page == Millis{6min});
  CHECK(p.looks_in_a_row == 7);
}

TEST_CASE("false pages of the default policy") {
  const Promise p = promise(usual_policy());
  const double year = 365.25 * 86'400, day = 86'400;
  CHECK(p.false_page_seconds > 1000 * year);
  CHECK(p.false_page_seconds_in_bursts == Approx(8.9 * day).epsilon(0.01));
  const Promise two = promise(policy_with_view());
  CHECK(two.false_page_seconds_in_bursts == Approx(p.false_page_seconds_in_bursts / 2));
  const Promise measured = promise(usual_policy(), {.p = 0.001});
  CHECK(measured.false_page_seconds_in_bursts == Approx(10 * p.false_page_seconds_in_bursts));
}

TEST_CASE("what is not configured is not promised") {
  Policy views_only = policy_with_view();
  views_only.writes.clear();
  const Promise p = promise(views_only);
  CHECK_FALSE(p.page);
  CHECK_FALSE(p.data_loss);
  CHECK_FALSE(p.stale);
  CHECK(p.view_page == Millis{130s});
  CHECK_FALSE(promise(usual_policy()).view_page);
  CHECK(promise(Policy{}).looks_in_a_row == 0);
}

TEST_CASE("a job's silence is none before its interval and grace are over") {
  Policy policy = policy_with_view();
  policy.writes.clear();
  policy.views[0].unseen = 66min;
  CHECK(promise(policy).view_page == Millis{66min + 130s});
}

TEST_CASE("a slower time-out makes rechecks rarer and the promise longer") {
  Policy policy = usual_policy();
  policy.writes[0].timeout = 30s;
  CHECK(promise(policy).page == Millis{150s});  // 60 + 2 · 30 + 30
  CHECK(promise(policy).shortest == 61s);
}

TEST_CASE("an outage pages within the promise, whenever it begins and however slowly looks fail") {
  holds([] {
    const Policy policy = any_policy();
    const Millis fails_after{*rc::gen::inRange<std::int64_t>(1, policy.writes[0].timeout.count() + 1)};
    const auto world = [&](Millis at) {
      return at < kOutage ? SeenByWrite{write_ok(), 100ms} : SeenByWrite{write_fails(), fails_after};
    };
    Simulation simulation(policy, world, any_phase(policy));
    const auto page = simulation.run_until_page(2h);
    RC_ASSERT(page.has_value());
    RC_ASSERT(*page >= kOutage);
    RC_ASSERT(*page - kOutage <= *promise(policy).page + 50ms);  // the anchor look beside the first one
  });
}

TEST_CASE("the promise is not padded: some outage takes nearly as long") {
  const Policy policy = usual_policy();
  Millis slowest{};
  for (Millis phase{}; phase < 60s; phase += 500ms) {
    const auto world = [](Millis at) {
      return at < kOutage ? SeenByWrite{write_ok(), 100ms} : SeenByWrite{write_fails(), 10s};
    };
    Simulation simulation(policy, world, phase);
    const auto page = simulation.run_until_page(1h);
    REQUIRE(page);
    slowest = std::max(slowest, *page - kOutage);
  }
  CHECK(slowest > 129s);
  CHECK(slowest <= 130s);
}

TEST_CASE("no outage shorter than the shortest pages") {
  holds([] {
    Policy policy = any_policy();
    const Millis lasts = promise(policy).shortest - 1s;
    const auto world = [&](Millis at) {
      return at < kOutage || at >= kOutage + lasts ? SeenByWrite{write_ok(), 1ms}
                                                   : SeenByWrite{write_fails(), 1ms};
    };
    Simulation simulation(policy, world, any_phase(policy));
    RC_ASSERT_FALSE(simulation.run_until_page(1h).has_value());
  });
}

TEST_CASE("a minute and a second can page, a minute cannot") {
  const auto pages = [](Millis lasts) {
    for (Millis phase{}; phase < 60s; phase += 250ms) {
      const auto world = [&](Millis at) {
        return at < kOutage || at >= kOutage + lasts ? SeenByWrite{write_ok(), 1ms}
                                                     : SeenByWrite{write_fails(), 1ms};
      };
      if (Simulation(usual_policy(), world, phase).run_until_page(30min)) return true;
    }
    return false;
  };
  CHECK(pages(61s));
  CHECK_FALSE(pages(60s));
}

TEST_CASE("data loss pages within its promise") {
  holds([] {
    const Policy policy = any_policy();
    const auto world = [&](Millis at) {
      return SeenByWrite{with_rungs(write_ok(), at < kOutage ? 0 : 3, at >= kOutage),
                         policy.writes[0].timeout};
    };
    Simulation simulation(policy, world, any_phase(policy));
    const auto page = simulation.run_until_page(2h);
    RC_ASSERT(page.has_value());
    RC_ASSERT(*page - kOutage <= *promise(policy).data_loss + 50ms);
  });
}

TEST_CASE("a week of looks that fail at random by themselves pages nobody") {
  std::uint32_t seed = 1;
  const auto world = [&](Millis) {
    seed = seed * 1'664'525 + 1'013'904'223;
    const bool fails = (seed >> 8) % 100 == 0;
    return fails ? SeenByWrite{write_fails(), 10s} : SeenByWrite{write_ok(), 100ms};
  };
  Simulation simulation(usual_policy(), world, 0ms);
  CHECK_FALSE(simulation.run_until_page(7 * 24h).has_value());
}

TEST_CASE("a rolling deploy of thirty seconds pages nobody") {
  for (Millis phase{}; phase < 60s; phase += 1s) {
    const auto world = [](Millis at) {
      return at % 1h >= 30min && at % 1h < 30min + 30s ? SeenByWrite{write_fails(Write::server), 50ms}
                                                       : SeenByWrite{write_ok(), 100ms};
    };
    CHECK_FALSE(Simulation(usual_policy(), world, phase).run_until_page(6h).has_value());
  }
}
