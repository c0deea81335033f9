#pragma once
// Where AWS credentials come from, and when they are asked for again. Sources, as the AWS SDKs have them
// (AWS documentation: "Standardized credential providers"):
//   keys         of the configuration
//   environment  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//   container    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN
//                or _TOKEN_FILE (ECS, EKS pod identity)
//   instance     the metadata service of an EC2 instance, version 2 only
#include <expected>
#include <optional>
#include <string>

#include "config/secret_source.h"
#include "model/error.h"
#include "model/names.h"
#include "probes/aws/sigv4.h"
#include "probes/backend.h"
#include "runtime/clock.h"

namespace deadcalm::probes::aws {

enum class CredentialKind { keys, environment, container, instance };

struct CredentialOptions {
  CredentialKind kind = CredentialKind::instance;
  std::string access_key_id;  // keys only, as are the next two
  config::SecretSource secret_access_key;
  config::SecretSource session_token;
};

// Which source the environment offers, in the order of the SDKs: environment, container, instance.
CredentialKind offered_by(const config::Environment& environment);

// Where a container asks. Plain HTTP is only for loopback and the addresses of ECS and EKS: the answer is a
// secret, and so is the question. An error says what is wrong with the environment.
model::Result<std::string> container_url(const config::Environment& environment);

// The JSON of both services: AccessKeyId, SecretAccessKey, Token, Expiration. Pure.
model::Result<Credentials> parse_credentials(const std::string& body);

// "2026-11-25T03:12:38Z"; nullopt: not a time.
std::optional<model::WallTime> parse_time(const std::string& text);

struct CredentialDeps {
  runtime::Clock& clock;
  runtime::HttpClient& client;
  const config::Environment& environment;  // outlives this
};

// Loop thread only.
class CredentialSource {
 public:
  using Answer = std::expected<Credentials, StepFailure>;

  CredentialSource(CredentialOptions options, CredentialDeps deps);

  // What to sign with now. Kept until 5 minutes before they expire, then asked for again; while that fails
  // the old ones serve until they do expire. Unreachable services are our own surroundings' fault (class
  // unknown), a refusal is auth.
  net::awaitable<Answer> get(model::SteadyTime deadline);

  // A service refused them: what can change (a file, what a service hands out) is asked for again.
  // False: nothing can change.
  bool renew();

  std::optional<model::WallTime> expires() const { return kept_ ? kept_->expires : std::nullopt; }

 private:
  using Fetched = std::expected<std::string, StepFailure>;

  net::awaitable<Answer> fetch(model::SteadyTime deadline);
  net::awaitable<Answer> from_container(model::SteadyTime deadline);
  net::awaitable<Answer> from_instance(model::SteadyTime deadline);
  net::awaitable<Fetched> ask(std::string method, std::string url, runtime::Headers headers,
                              model::SteadyTime deadline);
  Answer from_keys() const;
  Answer from_environment() const;

  CredentialOptions options_;
  CredentialDeps deps_;
  std::optional<Credentials> kept_;
};

}  // namespace deadcalm::probes::aws

template <>
struct deadcalm::model::Names<deadcalm::probes::aws::CredentialKind> {
  static constexpr std::array<std::string_view, 4> values{"keys", "environment", "container", "instance"};
};
