#include "runtime/log.h"

#include <catch2/catch.hpp>

using namespace deadcalm;

TEST_CASE("known secrets are masked in every form they travel in") {
  runtime::mask_in_logs({model::Secret{"s3cret/key+1"}, model::Secret{"abc"}});
  CHECK(runtime::masked("Bearer s3cret/key+1, again s3cret/key+1") == "Bearer <redacted>, again <redacted>");
  CHECK(runtime::masked("?key=s3cret%2Fkey%2B1&x=1") == "?key=<redacted>&x=1");
  CHECK(runtime::masked("Basic czNjcmV0L2tleSsx") == "Basic <redacted>");
  CHECK(runtime::masked("abcdef") == "abcdef");  // too short to be a secret
}
