#include "probes/redis/decode.h"

#include <charconv>

#include "config/connection_policy.h"
#include "config/expand.h"
#include "model/duration.h"

namespace deadcalm::probes::redis {
namespace {

constexpr std::string_view kSchemes[] = {"redis", "rediss"};

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// redis://host:port/database
void decode_url(config::Reader& reader, RedisTarget& target) {
  std::string url = reader.url("url", kSchemes);
  if (url.empty()) return;
  if (url.starts_with("rediss:")) target.tls.emplace();
  std::string rest = url.substr(url.find("://") + 3);
  if (rest.find('@') != std::string::npos) {
    reader.fault("url", "must not hold a user or a password", "give `username:` and `password_file:`");
    return;
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string database = slash < rest.size() ? rest.substr(slash + 1) : std::string();
  rest.resize(slash);
  if (!database.empty() && (!read_number(database, target.database) || target.database < 0))
    reader.fault("url", "what stands behind the / is no number of a database", "redis://host:6379/0");
  const std::size_t colon = rest.starts_with('[') ? rest.find(':', rest.find(']')) : rest.find(':');
  if (colon != std::string::npos) read_number(std::string_view(rest).substr(colon + 1), target.port);
  target.host = rest.substr(0, colon);
  if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
}

std::string file_in(config::Reader& reader, std::string_view key) {
  const std::string file = reader.text(key, "");
  return file.empty() ? file : config::resolve(file, reader.context().base_dir());
}

void decode_tls(config::Reader& reader, RedisTarget& target) {
  auto child = reader.child("tls");
  if (!child) return;
  if (!target.tls) reader.fault("tls", "there is no TLS to redis://", "write rediss:// in `url:`");
  TlsOptions& tls = target.tls ? *target.tls : target.tls.emplace();
  tls.ca_file = file_in(*child, "ca_file");
  tls.cert_file = file_in(*child, "cert_file");
  tls.key_file = file_in(*child, "key_file");
  if (tls.cert_file.empty() != tls.key_file.empty())
    reader.fault("tls", "a certificate of ours needs both `cert_file:` and `key_file:`");
  tls.verify = child->boolean("verify", true);
  if (!tls.verify)
    child->warn("verify", "any certificate is accepted: somebody in between can answer for the backend");
  child->finish();
}

// The records of the ladder live for up to twice the age of their rung.
void check_rungs(config::Reader& reader, model::Millis expire) {
  for (const config::Node& node : reader.list_or_one("sentinels")) {
    const auto age = model::parse_duration(node.text);
    if (!age || expire >= 2 * *age) continue;
    reader.fault("expire",
                 "records of " + node.text + " among the sentinels would expire before they are of use",
                 "twice as long as the oldest of them, or 0s for never");
  }
}

}  // namespace

RedisOptions decode_redis(config::Reader& reader) {
  RedisOptions options;
  decode_url(reader, options.target);
  options.target.policy = config::read_connection_policy(reader);
  decode_tls(reader, options.target);
  options.target.username = reader.text("username", "");
  options.password = reader.secret_source("password").value_or(config::SecretSource{});
  if (!options.target.username.empty() && !reader.has("password") && !reader.has("password_file"))
    reader.fault("username", "a user needs a password", "add `password_file:`");
  options.stream = reader.text("stream", "");
  const bool uses_stream = reader.has("stream");
  if (uses_stream) {
    for (const char* key : {"prefix", "expire"}) {
      if (reader.has(key)) reader.fault(key, "entries of a stream have no " + std::string(key));
    }
    reader.also_known({"prefix", "expire"});
    return options;
  }
  options.prefix = reader.text("prefix", options.prefix);
  options.expire = reader.duration("expire", options.expire, model::Millis{0});
  if (options.expire != model::Millis{0} && options.expire < std::chrono::minutes{5})
    reader.fault("expire", "too short: the kept record has to live until the next cycles",
                 "5m or more, or 0s for never");
  if (options.expire != model::Millis{0}) check_rungs(reader, options.expire);
  return options;
}

}  // namespace deadcalm::probes::redis
