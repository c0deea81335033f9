// The http backend's parts: paths, assertions, classes, rendering, decoding.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "probes/cache_evidence.h"
#include "probes/http/assertion.h"
#include "probes/http/classify.h"
#include "probes/http/json_path.h"
#include "probes/postgres/sqlstate.h"

using namespace deadcalm;
using model::CacheClass;
using model::Write;
using probes::http::JsonPath;

TEST_CASE("paths find one place") {
  const auto document =
      boost::json::parse(R"({"data":{"items":[{"id":7},{"id":8}],"odd key":{"x.y":1}},"é":2})");
  const auto at = [&](const char* text) { return JsonPath::parse(text).value().find(document); };
  CHECK(*at("$.data.items[0].id") == 7);
  CHECK(*at("$.data.items[-1].id") == 8);
  CHECK(*at("$['data']['odd key'][\"x.y\"]") == 1);
  CHECK(*at("$.é") == 2);
  CHECK(*at("$") == document);
  CHECK(at("$.data.items[2]") == nullptr);
  CHECK(at("$.data.items[-3]") == nullptr);
  CHECK(at("$.nothing.there") == nullptr);
  CHECK(at("$.data[0]") == nullptr);
}

TEST_CASE("what is no path to one value is refused, with the place") {
  const auto message = [](const char* text) { return JsonPath::parse(text).error().message; };
  CHECK(message("data.id") ==
        "not a path to one value: \"data.id\": at character 1 there must be $, the whole document");
  CHECK(message("$.*").find("wildcards are not supported") != std::string::npos);
  CHECK(message("$..id").find("at character 3") != std::string::npos);
  for (const char* bad :
       {"", "$.", "$[", "$[1", "$['x]", "$[1:2]", "$[?(@.a)]", "$[01]", "$[-0]", "$x", "$.a[*]"}) {
    INFO(bad);
    CHECK_FALSE(JsonPath::parse(bad));
  }
}

TEST_CASE("assertions say what is and what was expected") {
  using probes::http::Condition;
  using probes::http::Operator;
  struct Row {
    const char* value;  // JSON; nullptr: absent
    Operator op;
    const char* operand;
    const char* wrong;  // nullptr: holds
  };
  const Row rows[] = {
      {"true", Operator::equals, "true", nullptr},
      {"1", Operator::equals, "1.0", nullptr},
      {"\"1\"", Operator::equals, "1", "$.x is \"1\", expected 1"},
      {nullptr, Operator::equals, "1", "$.x is not there"},
      {nullptr, Operator::exists, "false", nullptr},
      {"0", Operator::exists, "false", "$.x is there and must not be"},
      {"0", Operator::exists, "true", nullptr},
      {"\"a\"", Operator::not_equals, "\"a\"", "$.x is \"a\", expected not \"a\""},
      {"\"abc\"", Operator::contains, "\"bc\"", nullptr},
      {"[1,2]", Operator::contains, "3", "$.x is [1,2], expected contains 3"},
      {"[1,2]", Operator::length, "2", nullptr},
      {"\"abc\"", Operator::length, "2", "$.x is \"abc\", expected length 2"},
      {"5", Operator::lt, "5", "$.x is 5, expected lt 5"},
      {"5", Operator::le, "5", nullptr},
      {"5", Operator::gt, "4.5", nullptr},
      {"\"5\"", Operator::ge, "4", "$.x is \"5\", expected ge 4"},
  };
  for (const Row& row : rows) {
    INFO((row.value ? row.value : "absent") << ' ' << model::name(row.op) << ' ' << row.operand);
    const auto value = row.value ? boost::json::parse(row.value) : boost::json::value();
    const Condition condition{row.op, boost::json::parse(row.operand), nullptr};
    const auto wrong = probes::http::violation("$.x", row.value ? &value : nullptr, condition);
    CHECK(wrong.value_or("") == (row.wrong ? row.wrong : ""));
  }
}

TEST_CASE("statuses have classes") {
  struct Row {
    int status;
    Write failure;
    bool maybe_done, looks_misconfigured;
  };
  const Row rows[] = {{301, Write::server, false, true},    {400, Write::contract, false, false},
                      {401, Write::auth, false, false},     {403, Write::auth, false, false},
                      {404, Write::server, false, true},    {405, Write::server, false, true},
                      {408, Write::server, true, false},    {409, Write::contract, false, false},
                      {410, Write::server, false, true},    {415, Write::contract, false, false},
                      {422, Write::contract, false, false}, {429, Write::throttle, false, false},
                      {500, Write::server, true, false},    {503, Write::server, true, false}};
  for (const Row& row : rows) {
    INFO(row.status);
    runtime::HttpAnswer answer;
    answer.status = row.status;
    const auto failure = probes::http::classify_status(answer, true);
    CHECK(failure.failure == row.failure);
    CHECK(failure.maybe_done == row.maybe_done);
    CHECK(failure.looks_misconfigured == row.looks_misconfigured);
  }
}

TEST_CASE("a firewall's challenge is throttling, not our key") {
  runtime::HttpAnswer answer;
  answer.status = 403;
  answer.headers = {{"content-type", "text/html; charset=utf-8"}};
  CHECK(probes::http::classify_status(answer, true).failure == Write::throttle);
  CHECK(probes::http::classify_status(answer, false).failure == Write::auth);
  answer.headers = {{"cf-mitigated", "challenge"}};
  CHECK(probes::http::classify_status(answer, false).failure == Write::throttle);
}

TEST_CASE("an error's detail carries the start of a plain body and no HTML") {
  runtime::HttpAnswer answer;
  answer.status = 500;
  answer.body = "{\"error\":\n\"disk full\"}";
  CHECK(probes::http::classify_status(answer, true).detail == "HTTP 500: {\"error\": \"disk full\"}");
  answer.body = "<html>...";
  CHECK(probes::http::classify_status(answer, true).detail == "HTTP 500");
}

TEST_CASE("network faults are net, and ours are unknown") {
  using runtime::HttpFault;
  CHECK(probes::http::classify({HttpFault::connect, false, ""}).failure == Write::net);
  CHECK_FALSE(probes::http::classify({HttpFault::connect, false, ""}).maybe_done);
  CHECK(probes::http::classify({HttpFault::timeout, true, ""}).maybe_done);
  CHECK(probes::http::classify({HttpFault::own, false, ""}).failure == Write::unknown);
  CHECK(probes::http::classify({HttpFault::too_large, true, ""}).failure == Write::contract);
}

TEST_CASE("SQL states have classes") {
  struct Row {
    const char* state;
    Write failure;
    bool container_gone;
  };
  const Row rows[] = {
      {"25006", Write::read_only, false}, {"28P01", Write::auth, false},   {"42501", Write::auth, false},
      {"42P01", Write::server, true},     {"3D000", Write::server, true},  {"53100", Write::server, false},
      {"57P01", Write::server, false},    {"57014", Write::server, false}, {"22001", Write::contract, false},
      {"23505", Write::contract, false},  {"08006", Write::net, false},    {"ZZ999", Write::server, false}};
  for (const Row& row : rows) {
    INFO(row.state);
    const auto failure = probes::postgres::classify_sqlstate(row.state, "text");
    CHECK(failure.failure == row.failure);
    CHECK(failure.container_gone == row.container_gone);
  }
  CHECK(probes::postgres::classify_sqlstate("57014", "", true).failure == Write::net);
}

TEST_CASE("cache evidence of the answer's headers") {
  struct Row {
    runtime::Headers headers;
    CacheClass kind;
  };
  const Row rows[] = {
      {{}, CacheClass::unknown},
      {{{"server", "nginx"}}, CacheClass::unknown},
      // RFC 9211
      {{{"cache-status", "shop; hit; ttl=30"}}, CacheClass::cache_fresh},
      {{{"cache-status", "shop; hit; ttl=-412"}}, CacheClass::cache_stale},
      {{{"cache-status", "shop; fwd=miss; stored"}}, CacheClass::origin},
      {{{"cache-status", "shop; fwd=stale; fwd-status=503"}}, CacheClass::stale_on_error},
      {{{"cache-status", "origin-shield; fwd=miss, edge; hit; ttl=5"}}, CacheClass::cache_fresh},
      {{{"cache-status", "nonsense"}}, CacheClass::unknown},
      // Cloudflare
      {{{"cf-cache-status", "STALE"}}, CacheClass::stale_on_error},
      {{{"cf-cache-status", "UPDATING"}}, CacheClass::cache_stale},
      {{{"cf-cache-status", "HIT"}}, CacheClass::cache_fresh},
      {{{"cf-cache-status", "DYNAMIC"}}, CacheClass::origin},
      // nginx
      {{{"x-cache-status", "STALE"}}, CacheClass::stale_on_error},
      {{{"x-cache-status", "EXPIRED"}}, CacheClass::origin},
      // Akamai, CloudFront, Fastly, Squid
      {{{"x-cache", "TCP_REFRESH_FAIL_HIT from a23-4"}}, CacheClass::stale_on_error},
      {{{"x-cache", "Hit from cloudfront"}}, CacheClass::cache_fresh},
      {{{"x-cache", "RefreshHit from cloudfront"}}, CacheClass::cache_fresh},
      {{{"x-cache", "Miss from cloudfront"}}, CacheClass::origin},
      {{{"x-cache", "MISS, HIT"}}, CacheClass::cache_fresh},
      {{{"x-cache", "HIT-STALE"}}, CacheClass::cache_stale},
      {{{"warning", "111 proxy \"Revalidation failed\""}}, CacheClass::stale_on_error},
      {{{"warning", "110 - \"Response is Stale\""}}, CacheClass::cache_stale},
      // Varnish
      {{{"x-varnish", "32770 5"}}, CacheClass::cache_fresh},
      {{{"x-varnish", "32770"}}, CacheClass::unknown},
      // Age against its limit
      {{{"age", "30"}, {"cache-control", "public, max-age=60"}}, CacheClass::cache_fresh},
      {{{"age", "90"}, {"cache-control", "public, max-age=60"}}, CacheClass::cache_stale},
      {{{"age", "90"}, {"cache-control", "max-age=60, s-maxage=120"}}, CacheClass::cache_fresh},
      {{{"age", "0"}}, CacheClass::unknown},
      {{{"age", "no number"}}, CacheClass::unknown},
      // the stalest of several wins
      {{{"x-cache-status", "HIT"}, {"cf-cache-status", "STALE"}}, CacheClass::stale_on_error},
  };
  for (const Row& row : rows) {
    INFO((row.headers.empty() ? "" : row.headers[0].first + ": " + row.headers[0].second));
    CHECK(probes::cache_evidence(row.headers).kind == row.kind);
  }
  CHECK(probes::cache_evidence({{"cache-control", "max-age=60, s-maxage=120"}}).lifetime ==
        model::Millis{120'000});
  CHECK_FALSE(probes::cache_evidence({{"cache-control", "no-store"}}).lifetime);
}
