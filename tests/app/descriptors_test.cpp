#include "app/descriptors.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>

using namespace deadcalm;

TEST_CASE("the limit of descriptors is raised as far as we may") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 256;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(app::raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == before.rlim_max);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("so many looks at once as there are descriptors for") {
  CHECK(app::looks_for(0) == 16);
  CHECK(app::looks_for(1024) == 256);
  CHECK(app::looks_for(1'048'576) == 100'000);
}
