// Every combination of signals goes through the table: 8·4·4·3·4·3·3·3·3·3 = 373,248
// (an anchor may also be unknown, which is none configured and counts as ok).
#include "evaluator/table.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace deadcalm::model;
using deadcalm::evaluator::masked_of;
using deadcalm::evaluator::Row;
using deadcalm::evaluator::rows;
using deadcalm::evaluator::rule;
using deadcalm::evaluator::Ruling;

namespace {

constexpr Anchor kAnchorUnknown = Anchor::ok;

template <class E>
void for_each(E& field, auto&& next) {
  for (std::size_t i = 0; i < Names<E>::values.size(); ++i) {
    field = static_cast<E>(i);
    next();
  }
}

template <class Visit>
void for_all_signals(Visit visit) {
  Signals s;
  for_each(s.write, [&] {
    for_each(s.read_back, [&] {
      for_each(s.sentinel, [&] {
        for_each(s.client, [&] {
          for_each(s.cache, [&] {
            for_each(s.age, [&] {
              for_each(s.lag, [&] {
                for_each(s.beacons, [&] {
                  for_each(s.traffic, [&] {
                    for (const Anchor anchor : {Anchor::ok, Anchor::bad, kAnchorUnknown}) {
                      s.anchor = anchor;
                      visit(s);
                    }
                  });
                });
              });
            });
          });
        });
      });
    });
  });
}

bool cached(const Signals& s) {
  return s.beacons == Beacons::high || s.cache == Cache::cache || s.cache == Cache::on_error;
}

// What no ruling may break; empty if `r` is right for `s`.
std::string broken_invariant(const Signals& s, const Ruling& r) {
  if (r.row < 1 || r.row > 16) return "not total";
  if (r.verdict == Verdict::healthy && (s.write != Write::ok || s.read_back != ReadBack::ok))
    return "healthy without a verified write";
  if (r.masked == Masked::yes && s.client == Client::fail && !cached(s))
    return "masked although clients see the failure";
  if (s.anchor == Anchor::bad && r.verdict != Verdict::monitor_blind) return "a verdict while blind";
  if (s.anchor == Anchor::ok && r.verdict == Verdict::monitor_blind) return "blind with good anchors";
  if (r.verdict == Verdict::masked_outage && r.masked != Masked::yes) return "masked outage, not masked";
  if (r.verdict == Verdict::healthy && (s.client == Client::fail || s.lag == Lag::behind))
    return "healthy while clients suffer";
  return "";
}

}  // namespace

TEST_CASE("the table is right for all 373,248 combinations of signals") {
  std::size_t count = 0;
  std::map<int, std::size_t> per_row;
  std::map<std::string, std::size_t> broken;
  for_all_signals([&](const Signals& s) {
    const Ruling r = rule(s);
    ++count;
    ++per_row[r.row];
    if (const std::string what = broken_invariant(s, r); !what.empty()) ++broken[what];
  });
  CHECK(count == 373'248);
  CHECK(per_row.size() == 16);  // no row is dead
  CHECK(per_row[1] == count / 3);
  for (const auto& [what, times] : broken) FAIL_CHECK(what << ": " << times << " times");
}

TEST_CASE("the first row that matches decides") {
  std::size_t wrong = 0;
  for_all_signals([&](const Signals& s) {
    int first = 0;
    for (const Row& row : rows()) {
      if (row.applies(s, {})) {
        first = row.number;
        break;
      }
    }
    if (first != rule(s).row) ++wrong;
  });
  CHECK(wrong == 0);
  REQUIRE(rows().size() == 16);
  for (std::size_t i = 0; i < 16; ++i) CHECK(rows()[i].number == static_cast<int>(i) + 1);
}

TEST_CASE("a late loop is as blind as bad anchors") {
  std::size_t sighted = 0;
  for_all_signals([&](const Signals& s) {
    if (rule(s, {.loop_late = true}).row != 1) ++sighted;
  });
  CHECK(sighted == 0);
}

TEST_CASE("without a write probe row 14 does not apply, and nothing else changes") {
  std::size_t differing = 0, row_14 = 0;
  for_all_signals([&](const Signals& s) {
    const Ruling with = rule(s), without = rule(s, {.has_write = false});
    if (without.row == 14) ++row_14;
    if (with.row != 14 && with != without) ++differing;
  });
  CHECK(row_14 == 0);
  CHECK(differing == 0);
}

TEST_CASE("masked is the first match of four rules") {
  Signals s;
  CHECK(masked_of(s) == Masked::unknown);
  s.client = Client::fail;
  CHECK(masked_of(s) == Masked::no);
  s.beacons = Beacons::high;
  CHECK(masked_of(s) == Masked::yes);
  s = {.read_back = ReadBack::fail, .client = Client::ok, .cache = Cache::no, .age = Age::old};
  CHECK(masked_of(s) == Masked::yes);
  s.read_back = ReadBack::ok;
  CHECK(masked_of(s) == Masked::unknown);
  s.age = Age::fresh;
  CHECK(masked_of(s) == Masked::no);
}

TEST_CASE("each verdict of the table has one class of confirmation, disputed and unknown from two rows") {
  std::map<Verdict, std::set<AlarmClass>> classes;
  for (const Row& row : rows()) classes[row.verdict].insert(row.alarm_class);
  for (const auto& [verdict, found] : classes) {
    INFO(name(verdict));
    CHECK(found.size() == 1);
  }
  CHECK(classes.size() == Names<Verdict>::values.size());
}
