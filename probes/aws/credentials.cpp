#include "probes/aws/credentials.h"

#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdio>

#include "config/expand.h"
#include "probes/http/classify.h"
#include "runtime/log.h"

namespace deadcalm::probes::aws {
namespace {

constexpr model::Millis kRenewBefore = std::chrono::minutes{5};
constexpr model::Millis kLongestWait = std::chrono::seconds{5};  // these services are on the same machine
constexpr const char* kInstanceService = "http://169.254.169.254";
constexpr const char* kContainerService = "http://169.254.170.2";
constexpr std::string_view kPlainHosts[] = {"127.0.0.1",     "localhost",      "[::1]",
                                            "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};

std::string variable(const config::Environment& environment, std::string_view name) {
  const auto found = environment.variables.find(name);
  return found == environment.variables.end() ? std::string() : found->second;
}

std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t colon = url.starts_with('[') ? url.find(':', url.find(']')) : url.find(':');
  return std::string(url.substr(0, colon));
}

std::unexpected<StepFailure> refused(std::string detail) {
  return std::unexpected(StepFailure{model::Write::auth, std::move(detail), false, false, false});
}
std::unexpected<StepFailure> own_fault(std::string detail) {
  return std::unexpected(StepFailure{model::Write::unknown, std::move(detail), false, false, false});
}

std::string without_line_end(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

CredentialKind offered_by(const config::Environment& environment) {
  if (!variable(environment, "AWS_ACCESS_KEY_ID").empty()) return CredentialKind::environment;
  if (!variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
      !variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty())
    return CredentialKind::container;
  return CredentialKind::instance;
}

model::Result<std::string> container_url(const config::Environment& environment) {
  const auto bad = [](const char* message) { return model::fail(model::ErrorKind::bad_input, message); };
  const std::string relative = variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (relative.starts_with('/')) return kContainerService + relative;
  if (!relative.empty()) return bad("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with /");
  std::string full = variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty())
    return bad(
        "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
  if (full.starts_with("https://")) return full;
  if (full.starts_with("http://")) {
    for (const std::string_view host : kPlainHosts) {
      if (host_of(full) == host) return full;
    }
  }
  return bad(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://, or http:// to loopback or to the address of ECS "
      "or "
      "EKS");
}

std::optional<model::WallTime> parse_time(const std::string& text) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &y, &mo, &d, &h, &mi, &s) != 6)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!text.ends_with('Z') || !date.ok()) return std::nullopt;
  const auto since = sys_days{date}.time_since_epoch() + hours{h} + minutes{mi} + seconds{s};
  return model::WallTime{duration_cast<model::Millis>(since)};
}

model::Result<Credentials> parse_credentials(const std::string& body) {
  boost::system::error_code ec;
  const boost::json::value document = boost::json::parse(body, ec);
  const auto text = [&](const char* key) -> std::string {
    const auto* object = ec ? nullptr : document.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(key);
    const auto* found = value == nullptr ? nullptr : value->if_string();
    return found == nullptr ? std::string() : std::string(*found);
  };
  Credentials out;
  out.access_key_id = text("AccessKeyId");
  out.secret_access_key = model::Secret{text("SecretAccessKey")};
  out.session_token = model::Secret{text("Token")};
  out.expires = parse_time(text("Expiration"));
  if (!out.access_key_id.empty() && !out.secret_access_key.empty()) return out;
  const std::string code = text("Code").empty() ? text("code") : text("Code");  // never the body itself
  return model::fail(model::ErrorKind::unavailable,
                     code.empty() ? "its answer holds no credentials" : "it says " + code);
}

CredentialSource::CredentialSource(CredentialOptions options, CredentialDeps deps)
    : options_(std::move(options)), deps_(deps) {}

net::awaitable<CredentialSource::Answer> CredentialSource::get(model::SteadyTime deadline) {
  const model::WallTime now = deps_.clock.now().wall;
  const std::optional<model::WallTime> ends = expires();
  if (kept_ && (!ends || now < *ends - kRenewBefore)) co_return *kept_;
  Answer fresh = co_await fetch(deadline);
  if (fresh) {
    kept_ = *fresh;
    runtime::mask_in_logs({fresh->secret_access_key, fresh->session_token});
    co_return fresh;
  }
  if (kept_ && ends && now < *ends) co_return *kept_;  // renewed early, so there is time to try again
  if (ends)
    fresh.error().detail = "the AWS credentials expired at " + amz_date(*ends) + "; " + fresh.error().detail;
  co_return fresh;
}

bool CredentialSource::renew() {
  bool changed = options_.kind == CredentialKind::container || options_.kind == CredentialKind::instance;
  for (config::SecretSource* source : {&options_.secret_access_key, &options_.session_token}) {
    if (!source->can_change()) continue;
    const auto now = source->read_again(deps_.environment);
    if (!now || *now == source->value) continue;
    source->value = *now;
    changed = true;
  }
  if (changed) kept_.reset();
  return changed;
}

net::awaitable<CredentialSource::Answer> CredentialSource::fetch(model::SteadyTime deadline) {
  switch (options_.kind) {
    case CredentialKind::keys: co_return from_keys();
    case CredentialKind::environment: co_return from_environment();
    case CredentialKind::container: co_return co_await from_container(deadline);
    case CredentialKind::instance: co_return co_await from_instance(deadline);
  }
  co_return own_fault("no source of AWS credentials");
}

CredentialSource::Answer CredentialSource::from_keys() const {
  return Credentials{
      options_.access_key_id, options_.secret_access_key.value, options_.session_token.value, {}};
}

CredentialSource::Answer CredentialSource::from_environment() const {
  Credentials out;
  out.access_key_id = variable(deps_.environment, "AWS_ACCESS_KEY_ID");
  out.secret_access_key = model::Secret{variable(deps_.environment, "AWS_SECRET_ACCESS_KEY")};
  out.session_token = model::Secret{variable(deps_.environment, "AWS_SESSION_TOKEN")};
  return out;
}

net::awaitable<CredentialSource::Fetched> CredentialSource::ask(std::string method, std::string url,
                                                                runtime::Headers headers,
                                                                model::SteadyTime deadline) {
  runtime::HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.headers.emplace_back("User-Agent", "deadcalm/" DEADCALM_VERSION);
  request.max_body_bytes = 64 << 10;
  request.policy.allow_metadata = true;  // that is where they are
  request.timeout = std::min(deadline - deps_.clock.now().steady, kLongestWait);
  if (request.timeout <= model::Millis{0}) co_return own_fault("no time left to ask for AWS credentials");
  const auto answer = co_await deps_.client.fetch(std::move(request));
  if (!answer) co_return own_fault("AWS credentials: " + answer.error().message);
  const std::string status = "HTTP " + std::to_string(answer->status);
  if (answer->status >= 500 || answer->status == 429)
    co_return own_fault("AWS credentials: " + status + " from their service");
  if (answer->status != 200) co_return refused("AWS credentials: " + status + " from their service");
  co_return answer->body;
}

net::awaitable<CredentialSource::Answer> CredentialSource::from_container(model::SteadyTime deadline) {
  const auto url = container_url(deps_.environment);
  if (!url) co_return own_fault(url.error().message);
  std::string token = variable(deps_.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = variable(deps_.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {  // EKS rotates it
    const auto text = config::read_secret_file(file, deps_.environment);
    if (!text) co_return own_fault("AWS credentials: " + text.error().message);
    token = *text;
  }
  runtime::Headers headers;
  if (!token.empty()) headers.emplace_back("Authorization", without_line_end(token));
  const auto body = co_await ask("GET", *url, std::move(headers), deadline);
  if (!body) co_return std::unexpected(body.error());
  auto parsed = parse_credentials(*body);
  if (!parsed) co_return refused("AWS credentials of the container: " + parsed.error().message);
  co_return *std::move(parsed);
}

// The role's name first, then its credentials; both need the token of version 2.
net::awaitable<CredentialSource::Answer> CredentialSource::from_instance(model::SteadyTime deadline) {
  std::string service = variable(deps_.environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (service.empty()) service = kInstanceService;
  while (service.ends_with('/')) service.pop_back();
  const std::string roles = service + "/latest/meta-data/iam/security-credentials/";

  runtime::Headers ttl{{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  const auto token = co_await ask("PUT", service + "/latest/api/token", std::move(ttl), deadline);
  if (!token) co_return std::unexpected(token.error());
  const runtime::Headers headers{{"X-aws-ec2-metadata-token", without_line_end(*token)}};
  const auto role = co_await ask("GET", roles, headers, deadline);
  if (!role) co_return std::unexpected(role.error());
  const std::string name = role->substr(0, role->find('\n'));
  const auto body = co_await ask("GET", roles + name, headers, deadline);
  if (!body) co_return std::unexpected(body.error());
  auto parsed = parse_credentials(*body);
  if (!parsed) co_return refused("AWS credentials of role " + name + ": " + parsed.error().message);
  co_return *std::move(parsed);
}

}  // namespace deadcalm::probes::aws
