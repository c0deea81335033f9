#include "probes/aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <vector>

#include "model/encoding.h"

namespace deadcalm::probes::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available in this OpenSSL");
  return model::hex({reinterpret_cast<const char*>(bytes.data()), size});
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &size) == nullptr)
    throw std::runtime_error("HMAC-SHA256 is not available in this OpenSSL");
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

struct Url {
  std::string host, path, query;
};

// As libcurl puts it on the wire: the port of the scheme itself is not in the Host header.
Url split(std::string_view url) {
  Url out;
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  url.remove_prefix(scheme_end == std::string_view::npos ? 0 : scheme_end + 3);
  url = url.substr(0, url.find('#'));
  if (const std::size_t mark = url.find('?'); mark != std::string_view::npos) {
    out.query = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  const std::size_t slash = url.find('/');
  out.path = slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
  out.host = url.substr(0, slash);
  const std::string_view own_port = scheme == "https" ? ":443" : ":80";
  if (out.host.ends_with(own_port)) out.host.resize(out.host.size() - own_port.size());
  return out;
}

// "/a/./b//../c/" -> "/a/c/"
std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!part.empty() && part != ".") {
      kept.push_back(part);
    }
    at = end + 1;
  }
  std::string out;
  for (const std::string_view part : kept) out += '/' + std::string(part);
  if (kept.empty() || path.ends_with('/')) out += '/';
  return out;
}

std::string canonical_path(const std::string& path, const Service& service) {
  if (service.name == "s3") return path;
  std::string out;
  for (const char c : normalised(path)) out += c == '/' ? "/" : model::url_encoded({&c, 1});
  return out;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    out += escape ? static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)) : text[i];
    if (escape) i += 2;
  }
  return out;
}

// Decoded and encoded again, so that it does not matter how the URL spells a character. Sorted by name, then
// by value; a name without a value still has its "=".
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view field = query.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string_view value = equals < field.size() ? field.substr(equals + 1) : std::string_view();
    if (!field.empty())
      fields.emplace_back(model::url_encoded(decoded(field.substr(0, equals))),
                          model::url_encoded(decoded(value)));
  }
  std::ranges::sort(fields);
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += name + '=';
    out += value;
  }
  return out;
}

// Without the spaces around it, and one space for several.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// By name; values of one name are joined in their order.
std::map<std::string, std::string> canonical_headers(const runtime::HttpRequest& request,
                                                     const std::string& host) {
  std::map<std::string, std::string> headers;
  for (const auto& [given, value] : request.headers) {
    const std::string name = lower(given);
    if (name == "user-agent" || name == "authorization" || name == "expect") continue;
    const auto [at, fresh] = headers.try_emplace(name, folded(value));
    if (!fresh) at->second += ',' + folded(value);
  }
  headers.try_emplace("host", host);
  return headers;
}

}  // namespace

std::string amz_date(model::WallTime time) {
  using namespace std::chrono;
  const sys_seconds second{floor<seconds>(time.time_since_epoch())};
  const sys_days day = floor<days>(second);
  const year_month_day date{day};
  const hh_mm_ss clock{second - day};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

Signature signature_of(const runtime::HttpRequest& request, const Service& service,
                       const Credentials& credentials) {
  const Url url = split(request.url);
  const auto headers = canonical_headers(request, url.host);
  std::string lines;
  std::string names;
  for (const auto& [name, value] : headers) {
    lines += name + ':';
    lines += value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  Signature out;
  out.canonical_request = request.method + '\n' + canonical_path(url.path, service) + '\n' +
                          canonical_query(url.query) + '\n' + lines + '\n' + names + '\n' +
                          sha256_hex(request.body);

  const auto date = headers.find("x-amz-date");
  const std::string timestamp = date == headers.end() ? std::string() : date->second;
  const std::string day = timestamp.substr(0, 8);
  const std::string scope = day + '/' + service.region + '/' + service.name + "/aws4_request";
  out.string_to_sign =
      std::string(kAlgorithm) + '\n' + timestamp + '\n' + scope + '\n' + sha256_hex(out.canonical_request);

  std::string key = hmac("AWS4" + credentials.secret_access_key.reveal(), day);
  for (const std::string& part : {service.region, service.name, std::string("aws4_request")})
    key = hmac(key, part);
  out.authorization = std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + '/' + scope +
                      ", SignedHeaders=" + names + ", Signature=" + model::hex(hmac(key, out.string_to_sign));
  return out;
}

void sign(runtime::HttpRequest& request, const Service& service, const Credentials& credentials,
          model::WallTime now) {
  request.headers.emplace_back("X-Amz-Date", amz_date(now));
  if (service.name == "s3") request.headers.emplace_back("X-Amz-Content-Sha256", sha256_hex(request.body));
  if (!credentials.session_token.empty())
    request.headers.emplace_back("X-Amz-Security-Token", credentials.session_token.reveal());
  request.headers.emplace_back("Authorization", signature_of(request, service, credentials).authorization);
}

}  // namespace deadcalm::probes::aws
