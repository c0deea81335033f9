// Credentials of AWS: where they come from, how long they serve, what is said when there are none. Also the
// addresses that are never a target.
#include <catch2/catch.hpp>

#include "probes/aws/credentials.h"
#include "server/http_server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;
using probes::aws::CredentialKind;

namespace {

// The metadata service of an instance and the credential service of a container, in one.
struct CredentialService {
  net::io_context io;
  tests::FakeClock clock{io};
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  int status = 200;
  int handed_out = 0;
  model::Millis lifetime = 1h;
  std::string wanted_token;
  server::HttpServer server{io.get_executor(), [this](server::Request r) { return handle(std::move(r)); }};
  std::string base = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());

  ~CredentialService() { tests::run_task(io, server.stop()); }

  net::awaitable<server::Response> handle(server::Request request) {
    server::Response r;
    r.status = status;
    const auto header = [&](const char* name) {
      const std::string* value = request.header(name);
      return value == nullptr ? std::string() : *value;
    };
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    if (request.path == "/latest/api/token") {
      r.body =
          request.method == "PUT" && header("x-aws-ec2-metadata-token-ttl-seconds") == "21600" ? "t0k" : "";
    } else if (request.path == roles) {
      r.body = "canary-role\n";
      if (header("x-aws-ec2-metadata-token") != "t0k") r.status = 401;
    } else if (request.path == roles + "canary-role" || request.path == "/v2/credentials") {
      const bool let_in = header("authorization") == wanted_token;
      if (!let_in) r.status = 403;
      std::string expires = probes::aws::amz_date(clock.now().wall + lifetime);
      for (const auto& [at, c] : {std::pair{4, "-"}, {7, "-"}, {13, ":"}, {16, ":"}})
        expires.insert(static_cast<std::size_t>(at), c);
      r.body = R"({"Code":"Success","AccessKeyId":"AKID)" + std::to_string(++handed_out) +
               R"(","SecretAccessKey":"very-secret","Token":"session-token","Expiration":")" + expires +
               "\"}";
    } else {
      r.status = 404;
    }
    co_return r;
  }

  probes::aws::CredentialSource source(CredentialKind kind) {
    probes::aws::CredentialOptions options;
    options.kind = kind;
    return {options, {clock, client, environment}};
  }
  probes::aws::CredentialSource::Answer get(probes::aws::CredentialSource& source) {
    return tests::run_task(io, source.get(clock.now().steady + 5s));
  }
};

}  // namespace

TEST_CASE("aws: the instance's role, kept until shortly before it expires") {
  CredentialService service;
  service.environment.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = service.base + "/";
  auto source = service.source(CredentialKind::instance);
  const auto first = service.get(source);
  REQUIRE(first);
  CHECK(first->access_key_id == "AKID1");
  CHECK(first->session_token.reveal() == "session-token");
  CHECK(source.expires() == model::WallTime{std::chrono::floor<std::chrono::seconds>(
                                (service.clock.now().wall + 1h).time_since_epoch())});
  service.clock.advance(54min);
  CHECK(service.get(source)->access_key_id == "AKID1");
  service.clock.advance(2min);
  CHECK(service.get(source)->access_key_id == "AKID2");
}

TEST_CASE("aws: a service that is away is no reason to forget what still serves") {
  CredentialService service;
  service.environment.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = service.base;
  auto source = service.source(CredentialKind::instance);
  REQUIRE(service.get(source));
  service.status = 500;
  service.clock.advance(58min);
  REQUIRE(service.get(source));
  service.clock.advance(3min);
  const auto late = service.get(source);
  REQUIRE_FALSE(late);
  CHECK(late.error().failure == Write::unknown);
  CHECK(late.error().detail.find("the AWS credentials expired at 20270115T") != std::string::npos);
  CHECK(late.error().detail.find("HTTP 500") != std::string::npos);
}

TEST_CASE("aws: no service at all is our own fault, a refusal is auth") {
  CredentialService service;
  service.environment.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  auto nobody = service.source(CredentialKind::instance);
  CHECK(service.get(nobody).error().failure == Write::unknown);
  service.environment.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = service.base + "/v2/credentials";
  service.wanted_token = "other";
  auto refused = service.source(CredentialKind::container);
  CHECK(service.get(refused).error().failure == Write::auth);
}

TEST_CASE("aws: a container's credentials, with a token that is read again each time") {
  CredentialService service;
  std::string token = "first\n";
  service.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return token; };
  service.environment.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = service.base + "/v2/credentials";
  service.environment.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/var/run/token";
  service.wanted_token = "first";
  auto source = service.source(CredentialKind::container);
  CHECK(service.get(source));
  token = "second";
  service.wanted_token = "second";
  CHECK(source.renew());
  CHECK(service.get(source)->access_key_id == "AKID2");
}

TEST_CASE("aws: configured keys are read again when they are refused, and only a file can change") {
  CredentialService service;
  std::string secret = "old";
  service.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return secret; };
  probes::aws::CredentialOptions options;
  options.kind = CredentialKind::keys;
  options.access_key_id = "AKID";
  options.secret_access_key.value = model::Secret{"old"};
  options.secret_access_key.file = "/run/secrets/aws";
  probes::aws::CredentialSource source{options, {service.clock, service.client, service.environment}};
  CHECK(service.get(source)->secret_access_key.reveal() == "old");
  CHECK_FALSE(source.renew());
  secret = "new";
  CHECK(source.renew());
  CHECK(service.get(source)->secret_access_key.reveal() == "new");
}

TEST_CASE("aws: what the environment offers, in the order of the SDKs") {
  config::Environment environment;
  CHECK(probes::aws::offered_by(environment) == CredentialKind::instance);
  environment.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  CHECK(probes::aws::offered_by(environment) == CredentialKind::container);
  CHECK(probes::aws::container_url(environment) == "http://169.254.170.2/v2/x");
  environment.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  CHECK(probes::aws::offered_by(environment) == CredentialKind::environment);
}

TEST_CASE("aws: a container's secret is asked for over plain HTTP on this machine only") {
  const auto allowed = [](const char* url) {
    config::Environment environment;
    environment.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    return probes::aws::container_url(environment).has_value();
  };
  for (const char* url :
       {"https://creds.example.com/x", "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:8080/x",
        "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"}) {
    INFO(url);
    CHECK(allowed(url));
  }
  for (const char* url : {"http://creds.example.com/x", "http://127.0.0.1.example.com/", "ftp://localhost/",
                          "http://169.254.169.254/", "localhost"}) {
    INFO(url);
    CHECK_FALSE(allowed(url));
  }
}

TEST_CASE("aws: answers without credentials") {
  using probes::aws::parse_credentials;
  CHECK(parse_credentials(R"({"Code":"AssumeRoleUnauthorizedAccess"})").error().message ==
        "it says AssumeRoleUnauthorizedAccess");
  for (const char* body : {"", "[]", "{}", "<html>", R"({"AccessKeyId":1})", R"({"AccessKeyId":"A"})"}) {
    INFO(body);
    CHECK(parse_credentials(body).error().message == "its answer holds no credentials");
  }
  CHECK(probes::aws::parse_time("2026-12-25T00:12:38Z") == model::from_unix_millis(1'798'157'558'000));
  for (const char* text : {"", "soon", "2026-12-25", "2026-13-01T00:00:00Z", "2026-12-25T00:12:38+01:00"})
    CHECK_FALSE(probes::aws::parse_time(text));
}
