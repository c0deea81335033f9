#include "probes/aws/decode.h"

#include <algorithm>
#include <cctype>

namespace deadcalm::probes::aws {
namespace {

constexpr std::string_view kFrom[] = {"environment", "container", "instance"};

std::string variable(const config::Environment& environment, std::string_view name) {
  const auto found = environment.variables.find(name);
  return found == environment.variables.end() ? std::string() : found->second;
}

// What a source needs of the environment, told when the file is read and not at the first look.
void check(config::Reader& reader, std::string_view key, CredentialKind kind) {
  const config::Environment& environment = reader.context().environment();
  if (kind == CredentialKind::environment) {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
      if (variable(environment, name).empty())
        reader.fault(key, std::string(name) + " is not set in the environment");
    }
    reader.context().remember(variable(environment, "AWS_SECRET_ACCESS_KEY"));
    reader.context().remember(variable(environment, "AWS_SESSION_TOKEN"));
  } else if (kind == CredentialKind::container) {
    if (const auto url = container_url(environment); !url) reader.fault(key, url.error().message);
  } else if (kind == CredentialKind::instance &&
             variable(environment, "AWS_EC2_METADATA_DISABLED") == "true") {
    reader.fault(key,
                 "the environment offers no AWS credentials, and AWS_EC2_METADATA_DISABLED forbids to "
                 "ask the instance",
                 "give `credentials: { access_key_id: ..., secret_access_key_file: ... }`");
  }
}

}  // namespace

CredentialOptions decode_credentials(config::Reader& reader) {
  CredentialOptions options;
  options.kind = offered_by(reader.context().environment());
  auto child = reader.child("credentials");
  if (!child) {
    if (!reader.has("credentials")) check(reader, "credentials", options.kind);
    return options;
  }
  child->one_of({"from", "access_key_id"}, true);
  if (child->has("access_key_id")) {
    options.kind = CredentialKind::keys;
    options.access_key_id = child->text("access_key_id");
    child->one_of({"secret_access_key", "secret_access_key_file"}, true);
    options.secret_access_key = child->secret_source("secret_access_key").value_or(config::SecretSource{});
    options.session_token = child->secret_source("session_token").value_or(config::SecretSource{});
  } else if (const auto from = child->word("from", kFrom)) {
    options.kind = static_cast<CredentialKind>(*from + 1);
    check(*child, "from", options.kind);
  }
  child->finish();
  return options;
}

std::string decode_region(config::Reader& reader) {
  const config::Environment& environment = reader.context().environment();
  std::string region = variable(environment, "AWS_REGION");
  if (region.empty()) region = variable(environment, "AWS_DEFAULT_REGION");
  region = region.empty() ? reader.text("region") : reader.text("region", region);
  const bool good = std::ranges::all_of(
      region, [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-'; });
  if (!good) reader.fault("region", "not a region", "like eu-central-1");
  return region;
}

std::string decode_endpoint(config::Reader& reader) {
  std::string endpoint = reader.optional_url("endpoint", config::kHttp).value_or("");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (endpoint.empty()) return endpoint;
  const std::size_t host_at = std::min(endpoint.find("://") + 3, endpoint.size());
  const std::size_t end = endpoint.find_first_of("/?#@", host_at);
  if (end != std::string::npos)
    reader.fault("endpoint", "must be a scheme, a host and perhaps a port, and nothing more");
  return endpoint;
}

std::string default_endpoint(const Service& service) {
  const char* domain = service.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return "https://" + service.name + '.' + service.region + domain;
}

}  // namespace deadcalm::probes::aws
