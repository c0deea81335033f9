// The backends of AWS against real parts: every signature against botocore, DynamoDB (dynalite) and S3
// (s3rver) behind a gate that checks signatures.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "probes/aws/sigv4.h"
#include "tests/support/aws_servers.h"
#include "tests/support/backend_rig.h"

using namespace deadcalm;
using model::Write;
using probes::Found;

namespace {

// One for the file: starting Node.js takes a second.
tests::AwsServers& servers() {
  static tests::AwsServers instance;
  return instance;
}

constexpr const char* kKey = "AKIDEXAMPLE";
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

// DynamoDB with one table for the test, behind a gate.
struct DynamoRig : tests::BackendRig {
  std::string table = "canaries-" + model::random_hex(4);
  std::uint16_t port = tests::free_port();
  tests::Process gate;

  explicit DynamoRig(const std::string& sort_key = "", const std::string& token = "")
      : gate(servers().gate(port, servers().dynamodb(), kKey, kSecret, token)) {
    timeout = model::Millis{5'000};
    environment.variables["SECRET"] = kSecret;
    std::string keys = R"({"AttributeName":"pk","KeyType":"HASH"})";
    std::string types = R"({"AttributeName":"pk","AttributeType":"S"})";
    if (!sort_key.empty()) {
      keys += R"(,{"AttributeName":")" + sort_key + R"(","KeyType":"RANGE"})";
      types += R"(,{"AttributeName":")" + sort_key + R"(","AttributeType":"N"})";
    }
    admin("CreateTable", R"({"TableName":")" + table + R"(","BillingMode":"PAY_PER_REQUEST","KeySchema":[)" +
                             keys + R"(],"AttributeDefinitions":[)" + types + "]}");
  }

  std::string yaml(const std::string& key = kKey) const {
    return "table: " + table + "\nregion: eu-central-1\nendpoint: http://127.0.0.1:" + std::to_string(port) +
           "\nkey: pk\nfind: scan\ncredentials: { access_key_id: " + key +
           ", secret_access_key: \"${SECRET}\" }\n";
  }
  // Past the gate: dynalite wants a signature's form, and checks nothing of it.
  std::string admin(const std::string& action, const std::string& body) {
    runtime::HttpRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(servers().dynamodb()) + '/';
    request.headers = {{"X-Amz-Target", "DynamoDB_20120810." + action},
                       {"Content-Type", "application/x-amz-json-1.0"}};
    request.body = body;
    const probes::aws::Credentials anybody{"x", model::Secret{"x"}, {}, {}};
    sign(request, {"eu-central-1", "dynamodb"}, anybody, clock.now().wall);
    const auto answer = tests::run_task(io, client.fetch(request));
    REQUIRE(answer);
    INFO(answer->body);
    REQUIRE(answer->status == 200);
    return answer->body;
  }
  std::string items() { return admin("Scan", R"({"TableName":")" + table + R"(","Select":"COUNT"})"); }
};

// s3rver knows one key; its secret is the gate's.
struct S3Rig : tests::BackendRig {
  std::uint16_t port = tests::free_port();
  tests::Process gate = servers().gate(port, servers().s3(), "S3RVER", kSecret);

  S3Rig() {
    timeout = model::Millis{5'000};
    environment.variables["SECRET"] = kSecret;
    ledger.stream.name = "t1-" + model::random_hex(4);
  }
  std::string yaml(const std::string& more = "", const std::string& bucket = "canaries") const {
    return "bucket: " + bucket + "\nregion: us-east-1\nendpoint: http://127.0.0.1:" + std::to_string(port) +
           "\ncredentials: { access_key_id: S3RVER, secret_access_key: \"${SECRET}\" }\n" + more;
  }
};

}  // namespace

TEST_CASE("every signature is botocore's") {
  const char* targets[] = {"/",
                           "/a/b/c.txt",
                           "/with%20space/and%2Fslash",
                           "/%E2%98%83/%C3%BC",
                           "/a=b/c+d/e%3Df",
                           "/tilde~and-._",
                           "/a//b/./c/../d/",
                           "/?acl",
                           "/?b=2&a=1&a=0&A=3",
                           "/?empty=&none&x=%20y",
                           "/?prefix=dc-%C3%BC%2F&list-type=2",
                           "/x?q=a%3Db%26c"};
  boost::json::array cases;
  std::vector<std::string> ours;
  for (const char* service : {"dynamodb", "s3", "appsync"}) {
    for (const char* target : targets) {
      for (const char* base : {"https://example.amazonaws.com", "http://127.0.0.1:8080"}) {
        runtime::HttpRequest request;
        request.method = ours.size() % 2 == 0 ? "GET" : "POST";
        request.url = std::string(base) + target;
        request.headers = {{"User-Agent", "deadcalm"},
                           {"X-Spaces", "  a   b \t c  "},
                           {"X-Twice", "one"},
                           {"x-twice", "  two "}};
        if (request.method == "POST") request.body = "{\"ü\":1}";
        const probes::aws::Credentials credentials{
            kKey, model::Secret{kSecret}, model::Secret{ours.size() % 3 == 0 ? "session" : ""}, {}};
        sign(request, {"eu-central-1", service}, credentials, model::from_unix_millis(1'798'157'558'000));
        ours.push_back(request.headers.back().second);
        request.headers.pop_back();
        boost::json::array headers;
        for (const auto& [name, value] : request.headers) headers.push_back(boost::json::array{name, value});
        cases.push_back(boost::json::object{{"method", request.method},
                                            {"url", request.url},
                                            {"headers", std::move(headers)},
                                            {"body", request.body},
                                            {"service", service},
                                            {"region", "eu-central-1"},
                                            {"key", kKey},
                                            {"secret", kSecret}});
      }
    }
  }
  const tests::TempDir dir;
  std::ofstream(dir.file("cases.json")) << boost::json::serialize(cases);
  const int status = tests::run_command({"python3", tests::aws_script("oracle.py"), dir.file("cases.json")},
                                        dir.file("answers"));
  std::ifstream answers(dir.file("answers"));
  REQUIRE(status == 0);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    std::string theirs;
    REQUIRE(std::getline(answers, theirs));
    INFO(boost::json::serialize(cases[i]));
    CHECK(ours[i] == theirs);
  }
  CHECK(ours.size() == 72);
}

TEST_CASE("dynamodb, real: verified cycles, signed as botocore would, and one item left") {
  DynamoRig rig;
  rig.boot("dynamodb", rig.yaml());
  rig.verify_cycles();
  CHECK(rig.items().find("\"Count\":1") != std::string::npos);
}

TEST_CASE("dynamodb, real: a composite key with a number in it") {
  DynamoRig rig("sk");
  rig.boot("dynamodb", rig.yaml() + "sort_key: { name: sk, value: \"${canary.int}\", type: number }\n");
  rig.verify_cycles();
}

TEST_CASE("dynamodb, real: a wrong secret, a wrong key and a missing session token are auth") {
  DynamoRig wrong_secret;
  wrong_secret.environment.variables["SECRET"] = "another";
  wrong_secret.boot("dynamodb", wrong_secret.yaml());
  CHECK(wrong_secret.cycle().write == Write::auth);
  CHECK(wrong_secret.last.detail.find("InvalidSignatureException") != std::string::npos);
  DynamoRig wrong_key;
  wrong_key.boot("dynamodb", wrong_key.yaml("AKIDOTHER"));
  CHECK(wrong_key.cycle().write == Write::auth);
  DynamoRig no_token("", "session");
  no_token.boot("dynamodb", no_token.yaml());
  CHECK(no_token.cycle().write == Write::auth);
}

TEST_CASE("dynamodb, real: the environment's credentials with their session token") {
  DynamoRig rig("", "session");
  rig.environment.variables["AWS_ACCESS_KEY_ID"] = kKey;
  rig.environment.variables["AWS_SECRET_ACCESS_KEY"] = kSecret;
  rig.environment.variables["AWS_SESSION_TOKEN"] = "session";
  std::string yaml = rig.yaml();
  yaml.erase(yaml.find("credentials"));
  rig.boot("dynamodb", yaml);
  rig.verify_cycles();
}

TEST_CASE("dynamodb, real: a secret that was rotated in its file is read again in the same cycle") {
  DynamoRig rig;
  std::string secret = "before the rotation";
  rig.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return secret; };
  std::string yaml = rig.yaml();
  const std::string inline_secret = "secret_access_key: \"${SECRET}\"";
  yaml.replace(yaml.find(inline_secret), inline_secret.size(), "secret_access_key_file: /run/secrets/aws");
  rig.boot("dynamodb", yaml);
  CHECK(rig.cycle().write == Write::auth);
  secret = kSecret;
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("dynamodb, real: a deleted table is server and the container gone, never made again") {
  DynamoRig rig;
  rig.boot("dynamodb", rig.yaml());
  rig.cycle();
  rig.admin("DeleteTable", R"({"TableName":")" + rig.table + "\"}");
  const auto look = rig.cycle();
  INFO(rig.last.detail);
  CHECK(look.write == Write::server);
  CHECK(look.container_gone);
  CHECK(look.sentinel == model::Sentinel::missing);
  rig.cycle();
  CHECK(rig.admin("ListTables", "{}").find(rig.table) == std::string::npos);
}

TEST_CASE("dynamodb, real: an item changed by somebody is left alone, find names what is ours") {
  DynamoRig rig;
  const auto backend = rig.backend("dynamodb", rig.yaml());
  const auto ours = rig.canary(7);
  REQUIRE_FALSE(tests::run_task(rig.io, backend->plant(ours, rig.soon())).failure);
  REQUIRE_FALSE(tests::run_task(rig.io, backend->plant(ours, rig.soon())).failure);  // the same again
  const auto found = tests::run_task(rig.io, backend->find(rig.ledger.stream.name, rig.soon()));
  REQUIRE(found.records.size() == 1);
  CHECK(found.records[0].token == ours.token);
  rig.admin("PutItem", R"({"TableName":")" + rig.table + R"(","Item":{"pk":{"S":")" + ours.record_id +
                           R"("},"token":{"S":"a customer's"}}})");
  CHECK(tests::run_task(rig.io, backend->plant(ours, rig.soon())).failure);
  CHECK(tests::run_task(rig.io, backend->remove(ours, rig.soon())).failure);
  CHECK(rig.items().find("\"Count\":1") != std::string::npos);
  const auto absent = tests::run_task(rig.io, backend->remove(rig.canary(8), rig.soon()));
  CHECK(absent.removed == probes::Removed::was_absent);
  backend->finish();
}

TEST_CASE("s3, real: verified cycles and one object left, also below a prefix that must be encoded") {
  for (const char* prefix : {"", "prefix: \"a b/ü=&+$(x)/\"\n"}) {
    S3Rig rig;
    rig.boot("s3", rig.yaml(prefix));
    rig.verify_cycles();
    const auto backend = rig.backend("s3", rig.yaml(prefix));
    const auto found = tests::run_task(rig.io, backend->find(rig.ledger.stream.name, rig.soon()));
    INFO(prefix << (found.failure ? found.failure->detail : ""));
    REQUIRE(found.records.size() == 1);
    CHECK(found.records[0].token == rig.ledger.records.begin()->second.token);
    const auto kept = probes::canary_of(rig.ledger.records.begin()->second);
    CHECK(tests::run_task(rig.io, backend->remove(kept, rig.soon())).removed == probes::Removed::yes);
    CHECK(tests::run_task(rig.io, backend->remove(kept, rig.soon())).removed == probes::Removed::was_absent);
    backend->finish();
  }
}

TEST_CASE("s3, real: a wrong secret is auth, a bucket that is not there is the container gone") {
  S3Rig wrong;
  wrong.environment.variables["SECRET"] = "another";
  wrong.boot("s3", wrong.yaml());
  CHECK(wrong.cycle().write == Write::auth);
  CHECK(wrong.last.detail.find("SignatureDoesNotMatch") != std::string::npos);
  S3Rig nowhere;
  nowhere.boot("s3", nowhere.yaml("", "no-such-bucket"));
  const auto look = nowhere.cycle();
  CHECK(look.write == Write::contract);  // it has never worked: a mistake of the set-up
  CHECK(look.container_gone);
}

TEST_CASE("s3, real: a server that is killed is net, and cleaned up later") {
  S3Rig rig;
  rig.boot("s3", rig.yaml());
  rig.cycle();
  servers().kill();
  rig.gate.kill();
  const auto look = rig.cycle();
  CHECK(look.write == Write::net);
  CHECK(look.sentinel == model::Sentinel::unknown);
  servers().start();
  rig.gate = servers().gate(rig.port, servers().s3(), "S3RVER", kSecret);
  CHECK(rig.cycle().sentinel == model::Sentinel::present);
  CHECK(rig.ledger.records.size() == 1);
}
