#include "model/connection_policy.h"

#include <catch2/catch.hpp>

using namespace deadcalm;

TEST_CASE("addresses that give secrets to their machine, in every spelling") {
  using model::is_metadata_address;
  for (const char* host :
       {"169.254.169.254", "169.254.170.2", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376",
        "169.254.43518", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
        "[fe80::1%25eth0]", "metadata.google.internal", "METADATA.google.internal.", "100.100.100.200"}) {
    INFO(host);
    CHECK(is_metadata_address(host));
  }
  for (const char* host : {"127.0.0.1", "169.255.0.1", "example.com", "[::1]", "[2001:db8::1]", "",
                           "metadata.example.com", "dynamodb.eu-central-1.amazonaws.com"}) {
    INFO(host);
    CHECK_FALSE(is_metadata_address(host));
  }
}

TEST_CASE("addresses that are not of the public internet") {
  using model::is_private_address;
  for (const char* address :
       {"0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9",
        "169.254.1.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "::", "::1", "fe80::1%eth0", "fc00::1",
        "fdff::1", "::ffff:10.0.0.1", "::127.0.0.1"}) {
    INFO(address);
    CHECK(is_private_address(address));
  }
  for (const char* address :
       {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "2001:db8::1",
        "fb00::1", "fe00::1", "::ffff:8.8.8.8", "", "name"}) {
    INFO(address);
    CHECK_FALSE(is_private_address(address));
  }
}

TEST_CASE("what the policy refuses, and in which words") {
  CHECK(model::refusal({}, "10.0.0.1").empty());
  CHECK(model::refusal({.allow_private = false}, "10.0.0.1") ==
        "10.0.0.1 is a private address, and allow_private is false");
  CHECK(model::refusal({.allow_private = false}, "8.8.8.8").empty());
  CHECK(model::refusal({}, "169.254.169.254") ==
        "169.254.169.254 is an address that gives secrets to this machine: never a target");
  CHECK(model::refusal({.allow_metadata = true}, "169.254.169.254").empty());
}
