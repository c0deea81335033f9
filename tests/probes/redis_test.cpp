// Redis without a server: the protocol's bytes, error replies as classes, the keys of the configuration.
#include <catch2/catch.hpp>

#include "probes/redis/errors.h"
#include "probes/redis/redis_backend.h"
#include "probes/redis/resp.h"
#include "tests/support/backend_rig.h"

using namespace deadcalm;
using model::Write;
using probes::redis::Reply;
using probes::redis::ReplyReader;

TEST_CASE("redis: a command is an array of bulk strings, whatever is in it") {
  CHECK(probes::redis::encode_command({"SET", "k", "a\r\nb"}) ==
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n");
}

TEST_CASE("redis: replies, whole and a byte at a time") {
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:42\r\n$-1\r\n$5\r\nhe\r\nl\r\n*2\r\n*1\r\n$1\r\na\r\n:7\r\n*0\r\n*-1\r\n";
  for (const std::size_t step : {std::size_t{1}, bytes.size()}) {
    ReplyReader reader(1024);
    std::vector<Reply> replies;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.feed(std::string_view(bytes).substr(at, step));
      while (true) {
        auto reply = reader.next();
        REQUIRE(reply);
        if (!*reply) break;
        replies.push_back(**std::move(reply));
      }
    }
    REQUIRE(replies.size() == 8);
    CHECK(replies[0].kind == Reply::Kind::status);
    CHECK(replies[0].text == "OK");
    CHECK(replies[1].is_error());
    CHECK(replies[2].integer == 42);
    CHECK(replies[3].is_nil());
    CHECK(replies[4].text == "he\r\nl");
    REQUIRE(replies[5].items.size() == 2);
    CHECK(replies[5].items[0].items[0].text == "a");
    CHECK(replies[5].items[1].integer == 7);
    CHECK(replies[6].items.empty());
    CHECK(replies[7].is_nil());
  }
}

TEST_CASE("redis: what is no reply, and what is too much, is an error") {
  for (const char* bytes :
       {"HTTP/1.1 200 OK\r\n", "\x15\x03\x01", "*2000000000\r\n", "$99999999999999999999\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    INFO(bytes);
    ReplyReader reader(1024);
    reader.feed(bytes);
    CHECK_FALSE(reader.next());
  }
  ReplyReader reader(100);
  reader.feed("$1000\r\n" + std::string(200, 'x'));
  CHECK(reader.next().error().message == "an answer larger than 100 bytes");
}

TEST_CASE("redis: an array that never ends is given up and freed") {
  ReplyReader reader(1024);
  reader.feed("*3\r\n$1\r\na\r\n");
  CHECK_FALSE(reader.next().value());
}

TEST_CASE("redis: error replies have their classes") {
  struct Row {
    const char* text;
    Write write;
  };
  const Row rows[] = {
      {"READONLY You can't write against a read only replica.", Write::read_only},
      {"NOAUTH Authentication required.", Write::auth},
      {"WRONGPASS invalid username-password pair or user is disabled.", Write::auth},
      {"NOPERM this user has no permissions to run the 'set' command", Write::auth},
      {"ERR AUTH <password> called without any password configured for the default user.", Write::auth},
      {"OOM command not allowed when used memory > 'maxmemory'.", Write::server},
      {"LOADING Redis is loading the dataset in memory", Write::server},
      {"MISCONF Redis is configured to save RDB snapshots", Write::server},
      {"CLUSTERDOWN Hash slot not served", Write::server},
      {"MASTERDOWN Link with MASTER is down", Write::server},
      {"ERR max number of clients reached", Write::server},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", Write::contract},
      {"ERR unknown command", Write::contract},
  };
  for (const Row& row : rows) {
    const auto failure = probes::redis::classify_error(row.text);
    INFO(row.text);
    CHECK(failure.failure == row.write);
    CHECK(failure.detail == row.text);
    CHECK_FALSE(failure.maybe_done);
  }
}

TEST_CASE("redis: a cluster's redirection is no read-only replica, and names the node") {
  for (const char* text : {"MOVED 3999 10.0.0.7:6381", "ASK 3999 10.0.0.7:6381"}) {
    const auto failure = probes::redis::classify_error(text);
    CHECK(failure.failure == Write::contract);
    CHECK(failure.detail ==
          std::string(text) + " (a cluster: node 10.0.0.7:6381 serves this slot; give that node as `url`)");
  }
}

TEST_CASE("redis: a prefix is no pattern") {
  CHECK(probes::redis::as_glob("a[b]*?\\:") == "a\\[b\\]\\*\\?\\\\:");
}

TEST_CASE("redis: a dry run shows the commands and the rights, and no password") {
  tests::BackendRig rig;
  rig.environment.variables["PASSWORD"] = "s3cret-0";
  const std::string yaml = "url: redis://cache.example.com/2\npassword: \"${PASSWORD}\"\n";
  const auto d = rig.backend("redis", yaml)->describe({"s", 3, "dc1.x", "dc-s-3"});
  REQUIRE(d.requests.size() == 3);
  CHECK(d.requests[0] == "plant   SET deadcalm:dc-s-3 dc1.x NX PX 86400000");
  CHECK(d.requests[1] == "read    GET deadcalm:dc-s-3");
  CHECK(d.requests[2] == "remove  DEL deadcalm:dc-s-3");
  CHECK(d.grants.at(0) ==
        "acl setuser deadcalm on >... ~deadcalm:* +set +get +del +scan +role +client|setname +select");
  CHECK(d.target == "redis cache.example.com:6379/2 keys deadcalm:*");
  const auto stream = rig.backend("redis", yaml + "stream: orders\n")->describe({"s", 3, "dc1.x", ""});
  CHECK(stream.server_assigns_ids);
  CHECK(stream.requests.at(0) == "plant   XADD orders * token dc1.x");
}

TEST_CASE("faults of the redis keys, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;
  };
  const Row rows[] = {
      {"prefix: a", "url"},
      {"url: http://x.example.com", "must start with redis:// or rediss://"},
      {"url: redis://u:p@x.example.com", "must not hold a user or a password; give `username:`"},
      {"url: redis://x.example.com/one", "is no number of a database; redis://host:6379/0"},
      {"url: redis://169.254.169.254", "is never a target"},
      {"url: redis://x.example.com\ntls: { verify: true }", "write rediss:// in `url:`"},
      {"url: rediss://x.example.com\ntls: { cert_file: a }", "needs both `cert_file:` and `key_file:`"},
      {"url: redis://x.example.com\nusername: u", "a user needs a password; add `password_file:`"},
      {"url: redis://x.example.com\nexpire: 1m", "too short: the kept record has to live"},
      {"url: redis://x.example.com\nstream: s\nexpire: 1h", "entries of a stream have no expire"},
      {"url: redis://x.example.com\nsentinels: [1h, 1d]",
       "records of 1d among the sentinels would expire before they are of use; twice as long"},
      {"url: redis://x.example.com\npasswrod: x", "did you mean \"password\"?"},
  };
  for (const Row& row : rows) {
    const std::string text = tests::faults_of("redis", row.yaml);
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}
