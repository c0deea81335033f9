#include "config/url.h"

#include <catch2/catch.hpp>

#include "config/reader.h"

using namespace deadcalm::config;

TEST_CASE("URLs are checked as far as the port") {
  for (const char* url : {"https://example.com", "http://example.com:8080/a?b=c#d",
                          "https://user:pw@example.com/", "https://[::1]:80/x", "http://10.0.0.1"}) {
    INFO(url);
    CHECK(fault_in_url(url, kHttp) == "");
  }
  CHECK(fault_in_url("example.com", kHttp) == "must start with https:// or http://");
  CHECK(fault_in_url("ftp://example.com", kHttp) == "must start with https:// or http://");
  CHECK(fault_in_url("https:///x", kHttp) == "names no host");
  CHECK(fault_in_url("https://:80/x", kHttp) == "names no host");
  CHECK(fault_in_url("https://a b/", kHttp) == "a URL cannot contain spaces");
  CHECK(fault_in_url("https://::1/", kHttp) == "an IPv6 address must be in brackets: [::1]");
  CHECK(fault_in_url("https://a:http/", kHttp) == "the port must be a number up to 65535");
}

TEST_CASE("host and port") {
  CHECK(fault_in_host_port("127.0.0.1:80", false) == "");
  CHECK(fault_in_host_port("[::1]:80", false) == "");
  CHECK(fault_in_host_port(":80", true) == "");
  CHECK(fault_in_host_port(":80", false) == "names no host");
  CHECK(fault_in_host_port("localhost", false) == "must be host:port");
  CHECK(fault_in_host_port("[::1]", false) == "must be host:port");
  CHECK(fault_in_host_port("a:", false) == "must be host:port");
  CHECK(fault_in_host_port("a:-1", false) == "the port must be a number up to 65535");
  CHECK(fault_in_host_port("a:65536", false) == "the port must be a number up to 65535");
}
