// Credentials: when a token is asked for, what goes over the wire to the endpoint, and what each of its
// answers means. The endpoint is a real HTTP server in this process.
#include "probes/credentials/kinds.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "probes/aws/sigv4.h"
#include "probes/credentials/cognito.h"
#include "probes/credentials/fixed.h"
#include "probes/credentials/jwt.h"
#include "probes/credentials/token.h"
#include "server/http_server.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;
using probes::StepFailure;
using probes::credentials::Grant;
using probes::credentials::TokenEndpoint;

namespace {

// Hands out t1, t2, ... or fails.
struct Script {
  std::optional<StepFailure> fails;
  std::optional<model::Millis> life = 1h;
  model::Millis takes{0};
  int asked = 0, refused = 0;
};

class ScriptedEndpoint final : public TokenEndpoint {
 public:
  ScriptedEndpoint(Script& script, runtime::Clock& clock) : script_(script), clock_(clock) {}
  net::awaitable<Answer> ask(model::SteadyTime deadline) override {
    ++script_.asked;
    const model::SteadyTime done = clock_.now().steady + script_.takes;
    co_await clock_.sleep_until(std::min(done, deadline));
    if (done > deadline) co_return std::unexpected(StepFailure{Write::net, "no answer", false});
    if (script_.fails) co_return std::unexpected(*script_.fails);
    co_return Grant{model::Secret("t" + std::to_string(script_.asked)), script_.life};
  }
  void refused() override { ++script_.refused; }
  std::string describe() const override { return "a token"; }

 private:
  Script& script_;
  runtime::Clock& clock_;
};

struct Bench {
  net::io_context io;
  tests::FakeClock clock{io};
  Script script;
  probes::credentials::Token token{clock, std::make_unique<ScriptedEndpoint>(script, clock), "Bearer"};
  int running = 0;

  net::awaitable<void> authorize(std::string& out) {
    runtime::HttpRequest request;
    const auto done = co_await token.authorize(request, clock.now().steady + 8s);
    if (done) out = request.headers.at(0).second;
    if (!done) out = std::string(model::name(done.error().failure)) + ": " + done.error().detail;
    --running;
  }
  void start(std::string& out) {
    ++running;
    net::co_spawn(io, authorize(out), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
  }
  void finish() {
    for (int i = 0; i < 2000 && running > 0; ++i) clock.advance(10ms);
    REQUIRE(running == 0);
  }
  std::string header() {
    std::string out;
    start(out);
    finish();
    return out;
  }
};

}  // namespace

TEST_CASE("a token is asked for once and renewed at 80 % of its life") {
  Bench b;
  CHECK(b.header() == "Bearer t1");
  b.clock.advance(47min);
  CHECK(b.header() == "Bearer t1");
  CHECK(b.script.asked == 1);
  b.clock.advance(2min);
  CHECK(b.header() == "Bearer t2");
  const auto expiry = b.token.expiry();
  REQUIRE(expiry);
  CHECK(expiry->renews);
  CHECK(expiry->at - b.clock.now().wall > 59min);
}

TEST_CASE("a token without an end is used until it is refused") {
  Bench b;
  b.script.life.reset();
  CHECK(b.header() == "Bearer t1");
  b.clock.advance(24h);
  CHECK(b.header() == "Bearer t1");
  CHECK_FALSE(b.token.expiry());
  b.token.refused();
  CHECK(b.script.refused == 1);
  CHECK(b.header() == "Bearer t2");
}

TEST_CASE("steps that ask at the same time share one answer") {
  Bench b;
  b.script.takes = 1s;
  std::string one, two, three;
  b.start(one);
  b.start(two);
  b.start(three);
  b.finish();
  CHECK(one == "Bearer t1");
  CHECK(two == "Bearer t1");
  CHECK(three == "Bearer t1");
  CHECK(b.script.asked == 1);
}

TEST_CASE("an endpoint that hangs while the old token holds costs a quarter of the time at most") {
  Bench b;
  b.header();
  b.clock.advance(50min);
  b.script.takes = 60s;
  const model::SteadyTime before = b.clock.now().steady;
  CHECK(b.header() == "Bearer t1");
  CHECK(b.clock.now().steady - before <= 2100ms);
  CHECK(b.header() == "Bearer t1");
  CHECK(b.script.asked == 2);  // and is not asked again at once
  b.clock.advance(11min);
  CHECK(b.header() == "net: no answer");  // the old one has ended
}

TEST_CASE("an endpoint that refuses is left alone for half a minute: many lock out who tries too often") {
  Bench b;
  b.script.fails = StepFailure{Write::auth, "invalid_client", false};
  CHECK(b.header() == "auth: invalid_client");
  b.token.refused();
  CHECK(b.header() == "auth: invalid_client");
  CHECK(b.script.asked == 1);
  b.clock.advance(31s);
  b.script.fails.reset();
  CHECK(b.header() == "Bearer t2");
}

TEST_CASE("the end of a JWT") {
  using probes::credentials::jwt_expiry;
  // {"alg":"none"} . {"sub":"deadcalm","exp":1893456000}
  const auto end = jwt_expiry("eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZWFkY2FsbSIsImV4cCI6MTg5MzQ1NjAwMH0.c2ln");
  REQUIRE(end);
  CHECK(model::unix_millis(*end) == 1893456000000);
  for (const char* text : {"", "opaque", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.!!.x",
                           "e30.eyJleHAiOi0xfQ.x", "e30.eyJleHAiOiJzb29uIn0.x"}) {
    INFO(text);
    CHECK_FALSE(jwt_expiry(text));
  }
}

namespace {

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  std::vector<server::Request> seen;
  std::function<server::Response(const server::Request&)> answer;
  server::HttpServer server{io.get_executor(), [this](server::Request r) -> net::awaitable<server::Response> {
                              seen.push_back(r);
                              co_return answer(r);
                            }};
  std::string base = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());
  std::unique_ptr<probes::http::Credentials> credentials;

  explicit Rig(std::string yaml) {
    environment.variables["SECRET"] = "s3cret of ours";
    for (std::size_t at = yaml.find("BASE"); at != std::string::npos; at = yaml.find("BASE"))
      yaml.replace(at, 4, base);
    environment.read_file = [this](const std::string&) -> model::Result<std::string> { return file; };
    probes::credentials::MakeCredentials make;
    REQUIRE(tests::decode_yaml(yaml, environment, [&](config::Reader& r) {
              make = probes::credentials::decode_credentials(r);
            }) == "");
    if (make) credentials = make({clock, client, environment, "a1b2c3d4", {}});
  }
  ~Rig() { tests::run_task(io, server.stop()); }
  std::string file = "from a file";

  net::awaitable<std::string> task() {
    runtime::HttpRequest request;
    if (!credentials) co_return "nobody";
    const auto done = co_await credentials->authorize(request, clock.now().steady + 5s);
    if (!done) co_return std::string(model::name(done.error().failure)) + ": " + done.error().detail;
    co_return request.headers.empty() ? "" : request.headers[0].first + ": " + request.headers[0].second;
  }
  std::string header() { return tests::run_task(io, task()); }
};

server::Response reply(int status, std::string body) {
  server::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

constexpr const char* kOAuth =
    "auth: { oauth2: { token_url: BASE/token, client_id: dead calm, client_secret: \"${SECRET}\", scope: \"a "
    "b\", parameters: { audience: \"https://api\" } } }";
constexpr const char* kCognito =
    "auth: { cognito: { endpoint: BASE, client_id: c1, username: canary, password: \"${SECRET}\" } }";

}  // namespace

TEST_CASE("oauth2: the form, the client's name in a header, the token as bearer") {
  Rig rig(kOAuth);
  rig.answer = [](const auto&) { return reply(200, R"({"access_token":"abcd","expires_in":3600})"); };
  CHECK(rig.header() == "Authorization: Bearer abcd");
  CHECK(rig.header() == "Authorization: Bearer abcd");
  REQUIRE(rig.seen.size() == 1);
  CHECK(rig.seen[0].method == "POST");
  CHECK(rig.seen[0].body == "grant_type=client_credentials&scope=a%20b&audience=https%3A%2F%2Fapi");
  CHECK(*rig.seen[0].header("content-type") == "application/x-www-form-urlencoded");
  // "dead%20calm:s3cret%20of%20ours"
  CHECK(*rig.seen[0].header("authorization") == "Basic ZGVhZCUyMGNhbG06czNjcmV0JTIwb2YlMjBvdXJz");
  CHECK(*rig.seen[0].header("user-agent") == "deadcalm/" DEADCALM_VERSION);
}

TEST_CASE("oauth2: what the endpoint's refusals mean") {
  struct Row {
    int status;
    const char* body;
    const char* expected;
  };
  const Row rows[] = {
      {401, R"({"error":"invalid_client","error_description":"rotated"})",
       "auth: token endpoint BASE/token: invalid_client (rotated)"},
      {400, R"({"error":"invalid_scope"})", "auth: token endpoint BASE/token: invalid_scope"},
      {404, "gone", "auth: token endpoint BASE/token: HTTP 404"},
      {429, "{}", "throttle: token endpoint BASE/token: HTTP 429"},
      {503, "{}", "server: token endpoint BASE/token: HTTP 503"},
      {200, "<html>", "auth: token endpoint BASE/token: no access_token in the answer"},
  };
  for (const Row& row : rows) {
    Rig rig(kOAuth);
    rig.answer = [&](const auto&) { return reply(row.status, row.body); };
    std::string expected = row.expected;
    expected.replace(expected.find("BASE"), 4, rig.base);
    CHECK(rig.header() == expected);
  }
}

TEST_CASE("oauth2: an endpoint that is not there is net, not auth") {
  Rig rig(
      "auth: { oauth2: { token_url: \"http://127.0.0.1:1/token\", client_id: x, client_secret: \"${SECRET}\" "
      "} "
      "}");
  CHECK(rig.header().starts_with("net: token endpoint http://127.0.0.1:1/token: "));
}

TEST_CASE("oauth2: a rotated secret is read again before giving up") {
  Rig rig(
      "auth: { oauth2: { token_url: BASE/token, client_id: x, client_secret_file: /run/s, client_auth: body "
      "} }");
  rig.answer = [](const server::Request& r) {
    return r.body.ends_with("client_secret=new") ? reply(200, R"({"access_token":"abcd"})")
                                                 : reply(401, R"({"error":"invalid_client"})");
  };
  rig.file = "new";
  CHECK(rig.header() == "Authorization: Bearer abcd");
  CHECK(rig.seen.size() == 2);
}

TEST_CASE("cognito: signs in with the password, then refreshes, then falls back to the password") {
  Rig rig(kCognito);
  bool refresh_token_alive = true;
  rig.answer = [&](const server::Request& r) {
    const auto body = boost::json::parse(r.body);
    if (body.at("AuthFlow") == "REFRESH_TOKEN_AUTH") {
      if (!refresh_token_alive)
        return reply(400, R"({"__type":"NotAuthorizedException","message":"Refresh Token has expired"})");
      return reply(200, R"({"AuthenticationResult":{"AccessToken":"a2","ExpiresIn":1}})");
    }
    return reply(200, R"({"AuthenticationResult":{"AccessToken":"a1","IdToken":"i1","RefreshToken":"r1",)"
                      R"("ExpiresIn":1,"TokenType":"Bearer"},"ChallengeParameters":{}})");
  };
  CHECK(rig.header() == "Authorization: a1");
  REQUIRE(rig.seen.size() == 1);
  CHECK(*rig.seen[0].header("x-amz-target") == "AWSCognitoIdentityProviderService.InitiateAuth");
  CHECK(*rig.seen[0].header("content-type") == "application/x-amz-json-1.1");
  const auto first = boost::json::parse(rig.seen[0].body);
  CHECK(first.at("AuthFlow") == "USER_PASSWORD_AUTH");
  CHECK(first.at("ClientId") == "c1");
  CHECK(first.at("AuthParameters").at("USERNAME") == "canary");
  CHECK(first.at("AuthParameters").at("PASSWORD") == "s3cret of ours");

  const auto let_it_age = [&] { tests::run_task(rig.io, rig.clock.sleep_for(850ms)); };
  let_it_age();
  CHECK(rig.header() == "Authorization: a2");
  CHECK(boost::json::parse(rig.seen.back().body).at("AuthParameters").at("REFRESH_TOKEN") == "r1");

  refresh_token_alive = false;
  let_it_age();
  CHECK(rig.header() == "Authorization: a1");
  CHECK(rig.seen.size() == 4);  // one refused refresh, one sign-in
}

TEST_CASE("cognito: what its refusals mean") {
  struct Row {
    int status;
    const char* body;
    const char* expected;
  };
  const Row rows[] = {
      {400, R"({"__type":"NotAuthorizedException","message":"Incorrect username or password."})",
       "auth: Cognito, sign-in: NotAuthorizedException: Incorrect username or password."},
      {400, R"({"__type":"x#TooManyRequestsException","message":"slow down"})",
       "throttle: Cognito, sign-in: TooManyRequestsException: slow down"},
      {200, R"({"ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"x"})",
       "auth: Cognito, sign-in: it asks for NEW_PASSWORD_REQUIRED"},
      {500, R"({"__type":"InternalErrorException"})", "server: Cognito, sign-in: InternalErrorException"},
  };
  for (const Row& row : rows) {
    Rig rig(kCognito);
    rig.answer = [&](const auto&) { return reply(row.status, row.body); };
    CHECK(rig.header() == row.expected);
  }
}

TEST_CASE("cognito: the secret hash of an app client with a secret") {
  // printf 'canaryc1' | openssl dgst -sha256 -hmac app-secret -binary | base64
  CHECK(probes::credentials::secret_hash(model::Secret("app-secret"), "canary", "c1") ==
        "8Q2qScS0wJpMITSqbpJOF9TZn1Bb5IpxeggJMbgKqcE=");
}

TEST_CASE("iam: the whole request is signed, for the service and the region") {
  Rig rig(
      "auth: { iam: { region: eu-west-1, credentials: { access_key_id: AKIDEXAMPLE, secret_access_key: "
      "\"${SECRET}\" } } }");
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = "https://x.appsync-api.eu-west-1.amazonaws.com/graphql";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = "{}";
  const auto done = tests::run_task(rig.io, rig.credentials->authorize(request, rig.clock.now().steady + 1s));
  REQUIRE(done);
  REQUIRE(request.headers.back().first == "Authorization");
  const std::string authorization = request.headers.back().second;
  CHECK(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  CHECK(authorization.find("/eu-west-1/appsync/aws4_request") != std::string::npos);
  request.headers.pop_back();
  probes::aws::Credentials keys;
  keys.access_key_id = "AKIDEXAMPLE";
  keys.secret_access_key = model::Secret("s3cret of ours");
  CHECK(probes::aws::signature_of(request, {"eu-west-1", "appsync"}, keys).authorization == authorization);
  CHECK(rig.credentials->describe() ==
        "Authorization: AWS4-HMAC-SHA256 <for appsync in eu-west-1, keys from: keys>");
}

TEST_CASE("fixed secrets: where they go, and that a refused one is read again") {
  CHECK(Rig("auth: { api_key: \"${SECRET}\" }").header() == "x-api-key: s3cret of ours");
  CHECK(Rig("auth: { header: { name: X-Key, value: \"${SECRET}\" } }").header() == "X-Key: s3cret of ours");
  CHECK(Rig("interval: 60s").header() == "nobody");
  Rig rig("auth: { bearer_file: /run/s }");
  CHECK(rig.header() == "Authorization: Bearer from a file");
  rig.file = "rotated";
  rig.credentials->refused();
  CHECK(rig.header() == "Authorization: Bearer rotated");
  rig.file = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZWFkY2FsbSIsImV4cCI6MTg5MzQ1NjAwMH0.c2ln";
  rig.credentials->refused();
  REQUIRE(rig.credentials->expiry());
  CHECK_FALSE(rig.credentials->expiry()->renews);
}
