// The dynamodb backend against a stand-in in this process: the cycle, and what each refusal means. The real
// thing (dynalite behind a gate that checks signatures) is in aws_servers_test.cpp.
#include <catch2/catch.hpp>

#include "probes/aws/credentials.h"
#include "runtime/log.h"
#include "tests/support/aws_rig.h"

using namespace deadcalm;
using model::Write;
using tests::AwsStandIn;

namespace {

struct Rig : tests::AwsRig {
  Rig() : AwsRig("dynamodb", "table: canaries\nfind: scan\n") {}
};

}  // namespace

TEST_CASE("dynamodb: a verified cycle and one item left") {
  Rig rig;
  rig.verify_cycles();
  CHECK(rig.aws.records.size() == 1);
  REQUIRE(!rig.aws.seen.empty());
  for (const auto& request : rig.aws.seen) {
    CHECK(*request.header("user-agent") == "deadcalm/" DEADCALM_VERSION);
    CHECK(*request.header("deadcalm-canary") == "a1b2c3d4");
    CHECK(request.header("authorization")->starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    if (request.header("x-amz-target")->ends_with(".GetItem"))
      CHECK(request.body.find("\"ConsistentRead\":true") != std::string::npos);
  }
}

TEST_CASE("dynamodb: refusals have their classes") {
  struct Row {
    const char* name;
    int status;
    const char* message;
    Write write;
    bool container_gone;
  };
  const Row rows[] = {
      {"ResourceNotFoundException", 400, "no table", Write::server, true},
      {"ProvisionedThroughputExceededException", 400, "slow down", Write::throttle, false},
      {"ThrottlingException", 400, "slow down", Write::throttle, false},
      {"RequestLimitExceeded", 400, "slow down", Write::throttle, false},
      {"AccessDeniedException", 400, "not you", Write::auth, false},
      {"UnrecognizedClientException", 400, "not you", Write::auth, false},
      {"ExpiredTokenException", 400, "too late", Write::auth, false},
      {"InvalidSignatureException", 403, "does not match", Write::auth, false},
      {"InvalidSignatureException", 403, "Signature expired: 2026", Write::unknown, false},
      {"ValidationException", 400, "no such key", Write::contract, false},
      {"InternalServerError", 500, "sorry", Write::server, false},
      {"SomethingNew", 503, "sorry", Write::server, false},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.cycle();
    rig.aws.refusal = AwsStandIn::dynamodb_error(row.name, row.status, row.message);
    const auto look = rig.cycle();
    INFO(row.name << ": " << rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == row.write);
    CHECK(look.container_gone == row.container_gone);
    CHECK((look.sentinel == model::Sentinel::missing) == row.container_gone);
    CHECK(rig.last.detail.find(row.name) != std::string::npos);
  }
}

TEST_CASE("dynamodb: a table that was never there is a mistake of the set-up, not an outage") {
  Rig rig;
  rig.aws.refusal = AwsStandIn::dynamodb_error("ResourceNotFoundException");
  CHECK(rig.cycle().write == Write::contract);
}

TEST_CASE("dynamodb: writes refused while reading works") {
  Rig rig;
  rig.cycle();
  rig.aws.refusal = AwsStandIn::dynamodb_error("InternalServerError", 500);
  rig.aws.refuses_writes_only = true;
  const auto look = rig.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.read_back == model::ReadBack::ok);
}

TEST_CASE("dynamodb: acknowledged and not kept is lost; emptied is a kept record gone") {
  tests::tell_losses<Rig>();
}

TEST_CASE("dynamodb: garbage is contract, a cut connection is net") {
  Rig garbage;
  garbage.cycle();
  garbage.aws.garbage = true;
  CHECK(garbage.cycle().write == Write::contract);
  tests::survive_a_cut_connection<Rig>();
}

TEST_CASE("dynamodb: what does not hold our token is neither overwritten nor removed") {
  Rig rig;
  const auto backend = rig.backend("dynamodb", rig.yaml);
  const auto ours = rig.canary(1);
  rig.aws.records[ours.record_id] = "a customer's";
  const auto planted = tests::run_task(rig.io, backend->plant(ours, rig.soon()));
  REQUIRE(planted.failure);
  CHECK(planted.failure->failure == Write::contract);
  const auto removed = tests::run_task(rig.io, backend->remove(ours, rig.soon()));
  REQUIRE(removed.failure);
  CHECK(removed.failure->detail == "not removed: the item does not hold our token any more");
  CHECK(rig.aws.records[ours.record_id] == "a customer's");
  backend->finish();
}

TEST_CASE("dynamodb: find names own items, and only where reading the whole table is allowed") {
  Rig rig;
  const auto ours = rig.canary(7);
  const auto others = probes::make_canary("other-stream", 3, rig.clock.now().wall, rig.key);
  rig.aws.records = {{ours.record_id, ours.token}, {others.record_id, others.token}, {"x", "a customer's"}};
  const auto backend = rig.backend("dynamodb", rig.yaml);
  const auto found = tests::run_task(rig.io, backend->find(rig.ledger.stream.name, rig.soon()));
  REQUIRE(found.records.size() == 1);
  CHECK(found.records[0].record_id == ours.record_id);
  CHECK(found.records[0].token == ours.token);
  backend->finish();
  std::string forbidden = rig.yaml;
  forbidden.replace(forbidden.find("find: scan"), 10, "find: none");
  const auto without = rig.backend("dynamodb", forbidden);
  CHECK(tests::run_task(rig.io, without->find("s", rig.soon())).failure);
  CHECK_FALSE(without->describe({}).can_find);
}

TEST_CASE("dynamodb: the plant through an API, the truth in the table") {
  Rig rig;
  const auto planted = rig.canary(1);
  rig.aws.records[planted.record_id] = planted.token;
  std::string door = rig.yaml;
  door.erase(door.find("find: scan\n"), 11);
  std::string indented = "  type: dynamodb\n  ";
  for (const char c : door) indented += c == '\n' ? "\n  " : std::string(1, c);
  const auto path = rig.decode("http",
                               "resource: http://127.0.0.1:1/c\njson: { t: \"${canary.token}\" }\n"
                               "read_from:\n" +
                                   indented + "\n");
  REQUIRE(path.read_from);
  const auto backend = path.read_from(rig.deps());
  const auto read = tests::run_task(rig.io, backend->read(planted, rig.soon()));
  CHECK(read.found == probes::Found::yes);
  CHECK(read.token == planted.token);
  const auto absent = tests::run_task(rig.io, backend->read(rig.canary(2), rig.soon()));
  CHECK(absent.found == probes::Found::no);
  CHECK(absent.identity_proved);
  backend->finish();
}

TEST_CASE("dynamodb: when a container's credentials end is told once they were asked for") {
  Rig rig;
  server::HttpServer service(rig.io.get_executor(), [](server::Request) -> net::awaitable<server::Response> {
    server::Response r;
    r.body =
        R"({"AccessKeyId":"AKID","SecretAccessKey":"k","Token":"t","Expiration":"2099-01-02T03:04:05Z"})";
    co_return r;
  });
  rig.environment.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] =
      "http://127.0.0.1:" + std::to_string(service.start("127.0.0.1:0").value()) + "/creds";
  const std::string yaml = rig.yaml.substr(0, rig.yaml.find("credentials:"));
  const auto backend = rig.backend("dynamodb", yaml);
  CHECK_FALSE(backend->credential_expiry());
  CHECK_FALSE(tests::run_task(rig.io, backend->plant(rig.canary(1), rig.soon())).failure);
  REQUIRE(backend->credential_expiry());
  CHECK(backend->credential_expiry()->at == probes::aws::parse_time("2099-01-02T03:04:05Z"));
  CHECK(backend->credential_expiry()->renews);
  backend->finish();
  tests::run_task(rig.io, service.stop());
}

TEST_CASE("dynamodb: a dry run shows the requests without any secret") {
  Rig rig;
  runtime::mask_in_logs({model::Secret{"s3cret-0"}});
  const auto description = rig.backend("dynamodb", rig.yaml)->describe(rig.canary(7));
  REQUIRE(description.requests.size() == 4);
  CHECK(description.requests[0].find("X-Amz-Target: DynamoDB_20120810.PutItem") != std::string::npos);
  CHECK(description.requests[0].find("configured credentials") != std::string::npos);
  for (const auto& text : description.requests) CHECK(text.find("s3cret") == std::string::npos);
  CHECK(rig.aws.seen.empty());
}

TEST_CASE("faults of the dynamodb keys, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;
  };
  const Row rows[] = {
      {"region: eu-central-1", "table"},
      {"table: t", "region"},
      {"table: t\nregion: Frankfurt", "not a region; like eu-central-1"},
      {"table: t\nregion: r\nkey: { name: pk, value: CANARY }",
       "every canary would have the same key; put ${canary.id} into `value:`"},
      {"table: t\nregion: r\nkey: token", "the token needs an attribute of its own"},
      {"table: t\nregion: r\nfind: query", "find"},
      {"table: t\nregion: r\nendpoint: \"http://169.254.169.254\"",
       "an address that gives secrets to this machine is never a target"},
      {"table: t\nregion: r\nendpoint: \"http://0xa9fea9fe:80\"", "is never a target"},
      {"table: t\nregion: r\nendpoint: \"http://127.0.0.1:8000/x?y\"", "and nothing more"},
      {"table: t\nregion: r\ncredentials: { from: environment }", "AWS_ACCESS_KEY_ID is not set"},
      {"table: t\nregion: r\ncredentials: { from: container }",
       "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"},
      {"table: t\nregion: r\ncredentials: { access_key_id: A }", "\"secret_access_key\" or"},
      {"table: t\nregion: r\ncredentials: { from: laptop }", "from"},
      {"table: t\nregion: r\ntabel: t", "did you mean \"table\"?"},
  };
  for (const Row& row : rows) {
    const std::string text = tests::faults_of("dynamodb", row.yaml);
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}
