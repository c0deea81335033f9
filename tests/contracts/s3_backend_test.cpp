// The s3 backend against a stand-in in this process: the cycle, and what each refusal means. The real thing
// (s3rver behind a gate that checks signatures) is in aws_servers_test.cpp.
#include <catch2/catch.hpp>

#include "probes/s3/errors.h"
#include "tests/support/aws_rig.h"

using namespace deadcalm;
using model::Write;
using tests::AwsStandIn;

namespace {

struct Rig : tests::AwsRig {
  Rig() : AwsRig("s3", "bucket: deadcalm-canaries\n") {}
};

}  // namespace

TEST_CASE("s3: a verified cycle and one object left") {
  Rig rig;
  rig.verify_cycles();
  REQUIRE(rig.aws.records.size() == 1);
  CHECK(rig.aws.records.begin()->first == "/deadcalm-canaries/deadcalm/dc-t1-orders-3");
  for (const auto& request : rig.aws.seen) {
    CHECK(*request.header("deadcalm-canary") == "a1b2c3d4");
    CHECK(request.header("x-amz-content-sha256") != nullptr);
    CHECK(request.header("authorization")->find("/eu-central-1/s3/aws4_request") != std::string::npos);
  }
}

TEST_CASE("s3: refusals have their classes") {
  struct Row {
    int status;
    const char* code;
    Write write;
    bool container_gone;
  };
  const Row rows[] = {
      {404, "NoSuchBucket", Write::server, true},
      {503, "SlowDown", Write::throttle, false},
      {403, "AccessDenied", Write::auth, false},
      {403, "SignatureDoesNotMatch", Write::auth, false},
      {400, "ExpiredToken", Write::auth, false},
      {403, "RequestTimeTooSkewed", Write::unknown, false},
      {301, "PermanentRedirect", Write::contract, false},
      {500, "InternalError", Write::server, false},
      {507, "XMinioStorageFull", Write::server, false},
      {400, "SomethingNew", Write::contract, false},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.cycle();
    rig.aws.refusal = AwsStandIn::s3_error(row.status, row.code);
    const auto look = rig.cycle();
    INFO(row.code << ": " << rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == row.write);
    CHECK(look.container_gone == row.container_gone);
    CHECK((look.sentinel == model::Sentinel::missing) == row.container_gone);
  }
}

TEST_CASE("s3: a 404 that is not S3's is no absent object") {
  Rig rig;
  rig.cycle();
  rig.aws.refusal.status = 404;
  rig.aws.refusal.body = "not found";
  const auto look = rig.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.sentinel == model::Sentinel::unknown);
}

TEST_CASE("s3: acknowledged and not kept is lost; emptied is a kept record gone") {
  tests::tell_losses<Rig>();
}

TEST_CASE("s3: a cut connection is net, and cleaned up later") {
  tests::survive_a_cut_connection<Rig>();
}

TEST_CASE("s3: an object that does not hold our token is left alone") {
  Rig rig;
  const auto backend = rig.backend("s3", rig.yaml);
  const auto ours = rig.canary(1);
  const std::string path = "/deadcalm-canaries/deadcalm/" + ours.record_id;
  rig.aws.records[path] = "a customer's";
  const auto removed = tests::run_task(rig.io, backend->remove(ours, rig.soon()));
  REQUIRE(removed.failure);
  CHECK(removed.failure->detail == "not removed: the object does not hold our token any more");
  CHECK(rig.aws.records.contains(path));
  backend->finish();
}

TEST_CASE("s3: find reads the objects it lists and tells other streams' apart") {
  Rig rig;
  const auto ours = rig.canary(7);
  const auto others = probes::make_canary(rig.ledger.stream.name + "-b", 3, rig.clock.now().wall, rig.key);
  for (const auto& canary : {ours, others})
    rig.aws.records["/deadcalm-canaries/deadcalm/" + canary.record_id] = canary.token;
  const auto backend = rig.backend("s3", rig.yaml);
  const auto found = tests::run_task(rig.io, backend->find(rig.ledger.stream.name, rig.soon()));
  REQUIRE(found.records.size() == 1);
  CHECK(found.records[0].record_id == ours.record_id);
  backend->finish();
}

TEST_CASE("s3: where an object lies") {
  tests::BackendRig rig;
  const auto first_request = [&](const std::string& yaml) {
    const std::string text = rig.backend("s3", yaml)->describe(rig.canary(7)).requests.at(1);
    return text.substr(0, text.find('\n'));
  };
  CHECK(first_request("bucket: my-bucket\nregion: eu-central-1\nprefix: \"a b/\"") ==
        "read    GET https://my-bucket.s3.eu-central-1.amazonaws.com/a%20b/dc-t1-orders-7");
  CHECK(first_request("bucket: my.bucket\nregion: cn-north-1") ==
        "read    GET https://s3.cn-north-1.amazonaws.com.cn/my.bucket/deadcalm/dc-t1-orders-7");
  CHECK(first_request("bucket: my-bucket\nregion: r\nendpoint: \"https://minio.example.com:9000/\"") ==
        "read    GET https://minio.example.com:9000/my-bucket/deadcalm/dc-t1-orders-7");
  CHECK(first_request("bucket: b-b\nregion: r\nendpoint: \"https://s.example.com\"\npath_style: false") ==
        "read    GET https://b-b.s.example.com/deadcalm/dc-t1-orders-7");
}

TEST_CASE("s3: texts of an answer's elements") {
  using probes::s3::texts_of;
  CHECK(texts_of("<a><Key>x&amp;y</Key><Key>&lt;z&gt;</Key></a>", "Key") ==
        std::vector<std::string>{"x&y", "<z>"});
  CHECK(texts_of("<Key>cut off", "Key").empty());
  CHECK(texts_of("", "Key").empty());
}

TEST_CASE("faults of the s3 keys, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;
  };
  const Row rows[] = {
      {"region: eu-central-1", "bucket"},
      {"bucket: \"s3://b\"\nregion: r", "not the name of a bucket; 3 to 63 of"},
      {"bucket: bbb\nregion: r\nprefix: /x", "a prefix has neither a / at its start"},
      {"bucket: bbb\nregion: r\nprefix: a/../b", "a prefix has neither a / at its start"},
      {"bucket: bbb\nregion: r\nendpoint: \"http://[fd00:ec2::254]\"", "is never a target"},
      {"bucket: bbb\nregion: r\nbuckets: x", "unknown key"},
  };
  for (const Row& row : rows) {
    const std::string text = tests::faults_of("s3", row.yaml);
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}
