#pragma once
// A connection string or URI as libpq reads it, and the TLS that goes with it. Pure but for libpq's parser.
#include <expected>
#include <map>
#include <string>

#include "config/secret_source.h"
#include "model/connection_policy.h"
#include "model/names.h"
#include "model/secret.h"

namespace deadcalm::probes::postgres {

// libpq's sslmode, less those that hide whether there is TLS at all.
enum class TlsMode { disable, require, verify_ca, verify_full };

struct PgTls {
  std::string mode;  // sslmode; empty: what the connection string says, else libpq's `prefer`
  std::string ca_file, cert_file, key_file;
  std::string usual_ca_file;  // where neither names one
};

// Where a session leads.
struct PgTarget {
  config::SecretSource dsn;
  PgTls tls;
  model::ConnectionPolicy policy{};
};

using Keywords = std::map<std::string, std::string>;

// The error never quotes the text: it may hold a password.
std::expected<Keywords, std::string> parse_dsn(const model::Secret& dsn);

std::string value_or(const Keywords& keywords, const std::string& name, const std::string& fallback);

// What PQconnectStartParams is given: the string's keywords with the TLS put over them.
Keywords with_tls(Keywords keywords, const PgTls& tls);

// Unix sockets and loopback: nobody sits in between.
bool is_local(const Keywords& keywords);

// The name that has to be resolved first, since libpq would block on it; else empty.
std::string name_to_resolve(const Keywords& keywords);

// "db.example.com:5432/shop as deadcalm": where it leads, without its password.
std::string target_of(const model::Secret& dsn);

}  // namespace deadcalm::probes::postgres

template <>
struct deadcalm::model::Names<deadcalm::probes::postgres::TlsMode> {
  static constexpr std::array<std::string_view, 4> values{"disable", "require", "verify-ca", "verify-full"};
};
