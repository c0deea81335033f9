#pragma once
// A rapidcheck property as part of a Catch test: fails it when a counterexample is found (printed above).
#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace deadcalm::evaluator::testing {

template <class Property>
void holds(Property property) {
  const bool no_counterexample = rc::check(property);
  REQUIRE(no_counterexample);
}

}  // namespace deadcalm::evaluator::testing
