#include "probes/postgres/decode_tls.h"

#include "config/expand.h"

namespace deadcalm::probes::postgres {
namespace {

// libpq 15 has no word for the system's store.
constexpr const char* kSystemStore = "/etc/ssl/certs/ca-certificates.crt";

std::string file_in(config::Reader& reader, std::string_view key) {
  const std::string file = reader.text(key, "");
  return file.empty() ? file : config::resolve(file, reader.context().base_dir());
}

bool verifies(const std::string& mode) {
  return mode.starts_with("verify-");
}

}  // namespace

PgTls decode_tls(config::Reader& reader) {
  PgTls tls;
  auto child = reader.child("tls");
  if (!child) return tls;
  const auto mode = child->optional_choice<TlsMode>("mode");
  if (mode) tls.mode = model::name(*mode);
  if (!child->has("mode"))
    child->fault("mode", "\"mode\" is missing", "one of disable, require, verify-ca, verify-full");
  tls.ca_file = file_in(*child, "ca_file");
  if (tls.ca_file.empty() && verifies(tls.mode)) tls.usual_ca_file = kSystemStore;
  tls.cert_file = file_in(*child, "cert_file");
  tls.key_file = file_in(*child, "key_file");
  if (tls.cert_file.empty() != tls.key_file.empty())
    child->fault("cert_file", "a certificate of ours needs both `cert_file:` and `key_file:`");
  if (mode == TlsMode::disable && !(tls.ca_file + tls.cert_file).empty())
    child->fault("mode", "there are no certificates without TLS", "leave them out, or mode: verify-full");
  if (mode == TlsMode::require && !tls.ca_file.empty())
    child->fault("ca_file", "mode: require verifies no certificate", "mode: verify-full");
  child->finish();
  return tls;
}

void check_tls(config::Reader& reader, const PgTarget& target) {
  if (target.dsn.value.empty()) return;
  const char* dsn_key = reader.has("dsn") ? "dsn" : "dsn_file";
  const auto keywords = parse_dsn(target.dsn.value);
  if (!keywords) {
    reader.fault(dsn_key, keywords.error(),
                 "postgresql://user:password@host:5432/database, or host=... user=...");
    return;
  }
  const std::string said = value_or(*keywords, "sslmode", "");
  const PgTls& tls = target.tls;
  if (!tls.mode.empty() && !said.empty() && said != tls.mode) {
    reader.fault("tls", "mode: " + tls.mode + ", and the connection string says sslmode=" + said,
                 "say it in one place");
  }
  const std::pair<const char*, const std::string&> files[] = {
      {"sslrootcert", tls.ca_file}, {"sslcert", tls.cert_file}, {"sslkey", tls.key_file}};
  for (const auto& [name, file] : files) {
    if (!file.empty() && !value_or(*keywords, name, "").empty())
      reader.fault("tls", "the connection string has " + std::string(name) + " too", "say it in one place");
  }
  if (is_local(*keywords) || verifies(tls.mode) || verifies(said)) return;
  reader.warn(reader.has("tls") ? "tls" : dsn_key,
              "nobody verifies who answers (sslmode " +
                  (tls.mode.empty() ? said.empty() ? "prefer" : said : tls.mode) +
                  "): somebody in between can read the password and answer for the database",
              "tls: { mode: verify-full }");
}

}  // namespace deadcalm::probes::postgres
