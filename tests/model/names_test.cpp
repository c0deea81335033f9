#include <catch2/catch.hpp>

#include "model/signals.h"
#include "model/transition.h"
#include "model/verdict.h"

using namespace deadcalm::model;

TEST_CASE("each enumerator has its word and the word leads back") {
  CHECK(name(Write::read_only) == "read_only");
  CHECK(from_name<Write>("throttle") == Write::throttle);
  CHECK(name(Age::fresh) == "new");
  CHECK(name(Verdict::masked_outage) == "masked_outage");
  CHECK(name(Verdict::unknown) == "unknown");
  CHECK(name(Reason::accepted) == "accepted");
  CHECK_FALSE(from_name<Write>("okay"));
}

TEST_CASE("a near word is proposed, a far one is not") {
  const std::array<std::string_view, 4> words{"interval", "timeout", "resource", "read_from"};
  CHECK(closest_name("intervall", words) == "interval");
  CHECK(closest_name("timout", words) == "timeout");
  CHECK(closest_name("readfrom", words) == "read_from");
  CHECK(closest_name("webhook", words).empty());
}
