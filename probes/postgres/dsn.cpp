#include "probes/postgres/dsn.h"

#include <libpq-fe.h>

#include <boost/asio/ip/address.hpp>
#include <sstream>

namespace deadcalm::probes::postgres {
namespace {

namespace ip = boost::asio::ip;

bool is_address(const std::string& text) {
  boost::system::error_code ec;
  ip::make_address(text, ec);
  return !ec;
}

bool is_local_host(const std::string& host) {
  if (host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost") return true;
  boost::system::error_code ec;
  const ip::address address = ip::make_address(host, ec);
  return !ec && address.is_loopback();
}

}  // namespace

std::expected<Keywords, std::string> parse_dsn(const model::Secret& dsn) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(dsn.reveal().c_str(), &error);
  if (options == nullptr) {
    PQfreemem(error);
    return std::unexpected("not a PostgreSQL connection string or URI");
  }
  Keywords found;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) found[option->keyword] = option->val;
  }
  PQconninfoFree(options);
  return found;
}

std::string value_or(const Keywords& keywords, const std::string& name, const std::string& fallback) {
  const auto it = keywords.find(name);
  return it == keywords.end() || it->second.empty() ? fallback : it->second;
}

Keywords with_tls(Keywords keywords, const PgTls& tls) {
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) keywords[name] = value;
  };
  put("sslmode", tls.mode);
  put("sslrootcert", tls.ca_file);
  if (value_or(keywords, "sslrootcert", "").empty()) put("sslrootcert", tls.usual_ca_file);
  put("sslcert", tls.cert_file);
  put("sslkey", tls.key_file);
  return keywords;
}

bool is_local(const Keywords& keywords) {
  const std::string address = value_or(keywords, "hostaddr", "");
  std::istringstream hosts(address.empty() ? value_or(keywords, "host", "") : address);
  for (std::string host; std::getline(hosts, host, ',');) {
    if (!is_local_host(host)) return false;
  }
  return true;
}

std::string name_to_resolve(const Keywords& keywords) {
  const std::string host = value_or(keywords, "host", "");
  if (host.empty() || host.starts_with('/') || host.starts_with('@')) return {};
  if (host.find(',') != std::string::npos || !value_or(keywords, "hostaddr", "").empty()) return {};
  return is_address(host) ? std::string() : host;
}

std::string target_of(const model::Secret& dsn) {
  const auto keywords = parse_dsn(dsn);
  if (!keywords) return "a database";
  return value_or(*keywords, "host", "local socket") + ':' + value_or(*keywords, "port", "5432") + '/' +
         value_or(*keywords, "dbname", value_or(*keywords, "user", "")) + " as " +
         value_or(*keywords, "user", "the system user");
}

}  // namespace deadcalm::probes::postgres
