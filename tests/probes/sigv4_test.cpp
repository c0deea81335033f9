// The signer against what AWS publishes: the Signature Version 4 test suite, and the worked examples of the
// IAM and S3 documentation. tests/contracts/aws_signature_test.cpp compares it with botocore.
#include "probes/aws/sigv4.h"

#include <catch2/catch.hpp>

using namespace deadcalm;
using probes::aws::Credentials;
using probes::aws::Service;

namespace {

std::string signature(const runtime::HttpRequest& request, const Service& service,
                      const Credentials& credentials) {
  const std::string text = signature_of(request, service, credentials).authorization;
  return text.substr(text.find("Signature=") + 10);
}

}  // namespace

TEST_CASE("signatures of the published test suite") {
  const Credentials credentials{
      "AKIDEXAMPLE", model::Secret{"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}, {}, {}};
  const Service service{"us-east-1", "service"};
  struct Row {
    const char *name, *method, *target;
    runtime::Headers headers;
    const char *body, *signature;
  };
  const Row rows[] = {
      {"get-vanilla", "GET", "/", {}, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-empty-query-key",
       "GET",
       "/?Param1=value1",
       {},
       "",
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/?Param2=value2&Param1=value1",
       {},
       "",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-utf8-query",
       "GET",
       "/?ሴ=bar",
       {},
       "",
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-utf8", "GET", "/ሴ", {}, "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-unreserved",
       "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       {},
       "",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-space",
       "GET",
       "/example space/",
       {},
       "",
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-relative",
       "GET",
       "/example/..",
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slashes",
       "GET",
       "//",
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-header-value-trim",
       "GET",
       "/",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"get-header-key-duplicate",
       "GET",
       "/",
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"post-vanilla",
       "POST",
       "/",
       {},
       "",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
  };
  for (const Row& row : rows) {
    runtime::HttpRequest request;
    request.method = row.method;
    request.url = std::string("https://example.amazonaws.com") + row.target;
    request.headers = row.headers;
    request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
    request.body = row.body;
    INFO(row.name << '\n' << signature_of(request, service, credentials).canonical_request);
    CHECK(signature(request, service, credentials) == row.signature);
  }
}

TEST_CASE("the worked example of the IAM documentation") {
  runtime::HttpRequest request;
  request.url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"x-amz-date", "20150830T123600Z"}};
  const Credentials credentials{
      "AKIDEXAMPLE", model::Secret{"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}, {}, {}};
  CHECK(signature(request, {"us-east-1", "iam"}, credentials) ==
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("the worked examples of the S3 documentation") {
  struct Row {
    const char *method, *target;
    runtime::Headers headers;
    const char *body, *signature;
  };
  const Row rows[] = {
      {"GET",
       "/test.txt",
       {{"Range", "bytes=0-9"}},
       "",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT",
       "/test%24file.text",
       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       "Welcome to Amazon S3.",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"GET", "/?lifecycle", {}, "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"GET",
       "/?max-keys=2&prefix=J",
       {},
       "",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  const Credentials credentials{
      "AKIAIOSFODNN7EXAMPLE", model::Secret{"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, {}, {}};
  for (const Row& row : rows) {
    runtime::HttpRequest request;
    request.method = row.method;
    request.url = std::string("https://examplebucket.s3.amazonaws.com") + row.target;
    request.headers = row.headers;
    request.body = row.body;
    INFO(row.target);
    sign(request, {"us-east-1", "s3"}, credentials, model::from_unix_millis(1'369'353'600'000));
    const std::string authorization = request.headers.back().second;
    CHECK(authorization.substr(authorization.find("Signature=") + 10) == row.signature);
  }
}

TEST_CASE("signing adds date and session token, and leaves the User-Agent to proxies") {
  runtime::HttpRequest request;
  request.url = "http://127.0.0.1:8000/";
  request.headers = {{"User-Agent", "deadcalm/x"}};
  const Credentials credentials{"AKIDEXAMPLE", model::Secret{"k"}, model::Secret{"session"}, {}};
  sign(request, {"eu-central-1", "dynamodb"}, credentials, model::from_unix_millis(1'798'157'558'900));
  REQUIRE(request.headers.size() == 4);
  CHECK(request.headers[1].second == "20261225T001238Z");
  CHECK(request.headers[2] == std::pair<std::string, std::string>{"X-Amz-Security-Token", "session"});
  const std::string& authorization = request.headers[3].second;
  CHECK(
      authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261225/eu-central-1/dynamodb/"
                                "aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, "));
  CHECK(signature_of(request, {"eu-central-1", "dynamodb"}, credentials)
            .canonical_request.find("host:127.0.0.1:8000\n") != std::string::npos);
}
