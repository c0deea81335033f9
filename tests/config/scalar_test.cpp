#include "config/scalar.h"

#include <catch2/catch.hpp>

using deadcalm::config::yaml11_surprise;

TEST_CASE("plain texts that YAML 1.1 reads as something else are found") {
  for (const char* text : {"yes", "No", "ON", "off", "0123", "007", "1:30", "190:20:30"}) {
    INFO(text);
    CHECK(yaml11_surprise(text));
  }
}

TEST_CASE("ordinary plain texts surprise nobody") {
  for (const char* text : {"orders", "yesterday", "none", "0", "10", "1.10", "127.0.0.1:9178", "localhost:80",
                           "1:", ":1", "a:1", "0x1f", "1:300", "true", "2026-11-23", "12:"}) {
    INFO(text);
    CHECK_FALSE(yaml11_surprise(text));
  }
}
