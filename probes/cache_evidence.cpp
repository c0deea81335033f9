// Sources: RFC 9211 §2 (members left to right, the last one is nearest the client; hit, fwd, fwd-status,
// ttl), RFC 9111 §5.1 (Age), the vendors' pages on CF-Cache-Status, X-Cache (Akamai, CloudFront, Fastly,
// Squid), nginx $upstream_cache_status. Where a vendor's word covers both fresh and stale, it is read as
// a fresh hit: weaker, never wrong.
#include "probes/cache_evidence.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>
#include <vector>

namespace deadcalm::probes {
namespace {

using model::CacheClass;

std::string upper(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(trimmed(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<long> integer(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value of a cache directive or a Cache-Status parameter: "max-age=60" -> 60.
std::optional<long> directive(std::string_view list, char separator, std::string_view name) {
  for (const std::string_view part : split(list, separator)) {
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
      return integer(part.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

bool has_parameter(std::string_view member, std::string_view name) {
  const auto parts = split(member, ';');
  return std::ranges::find(parts, name) != parts.end();
}

// One member of Cache-Status.
CacheClass of_member(std::string_view member) {
  const auto ttl = directive(member, ';', "ttl");
  const auto forwarded = directive(member, ';', "fwd-status");
  if (has_parameter(member, "hit"))
    return ttl && *ttl < 0 ? CacheClass::cache_stale : CacheClass::cache_fresh;
  for (const std::string_view part : split(member, ';')) {
    if (!part.starts_with("fwd=")) continue;
    // Forwarded because stale, the origin failed, and still there is a good answer: stale-if-error.
    if (part == "fwd=stale" && forwarded && *forwarded >= 500) return CacheClass::stale_on_error;
    return CacheClass::origin;
  }
  return CacheClass::unknown;
}

// Strongest first: an answer that passed several caches is as stale as the stalest of them.
int strength(CacheClass kind) {
  switch (kind) {
    case CacheClass::stale_on_error: return 4;
    case CacheClass::cache_stale: return 3;
    case CacheClass::cache_fresh: return 2;
    case CacheClass::origin: return 1;
    case CacheClass::unknown: return 0;
  }
  return 0;
}

// Of a list with one entry a cache.
template <class Read>
CacheClass strongest(std::string_view list, Read read) {
  CacheClass found = CacheClass::unknown;
  for (const std::string_view entry : split(list, ',')) {
    const CacheClass kind = read(entry);
    if (strength(kind) > strength(found)) found = kind;
  }
  return found;
}

struct Word {
  std::string_view text;
  CacheClass kind;
};

// CF-Cache-Status: STALE is served only when the origin cannot be reached.
constexpr Word kCloudflare[] = {
    {"STALE", CacheClass::stale_on_error}, {"UPDATING", CacheClass::cache_stale},
    {"HIT", CacheClass::cache_fresh},      {"REVALIDATED", CacheClass::cache_fresh},
    {"MISS", CacheClass::origin},          {"EXPIRED", CacheClass::origin},
    {"DYNAMIC", CacheClass::origin},       {"BYPASS", CacheClass::origin}};
// nginx $upstream_cache_status, under the names people export it with.
constexpr Word kNginx[] = {{"STALE", CacheClass::stale_on_error}, {"UPDATING", CacheClass::cache_stale},
                           {"HIT", CacheClass::cache_fresh},      {"REVALIDATED", CacheClass::origin},
                           {"MISS", CacheClass::origin},          {"EXPIRED", CacheClass::origin},
                           {"BYPASS", CacheClass::origin}};
// X-Cache starts with one of these; Fastly's HIT and CloudFront's RefreshHit cover stale answers too.
constexpr Word kXCache[] = {{"TCP_REFRESH_FAIL_HIT", CacheClass::stale_on_error},
                            {"TCP_REFRESH_FAIL", CacheClass::stale_on_error},
                            {"HIT-STALE", CacheClass::cache_stale},
                            {"TCP_STALE_HIT", CacheClass::cache_stale},
                            {"REFRESHHIT FROM CLOUDFRONT", CacheClass::cache_fresh},
                            {"HIT", CacheClass::cache_fresh},
                            {"TCP_HIT", CacheClass::cache_fresh},
                            {"TCP_MEM_HIT", CacheClass::cache_fresh},
                            {"TCP_IMS_HIT", CacheClass::cache_fresh},
                            {"TCP_REMOTE_HIT", CacheClass::cache_fresh},
                            {"TCP_REFRESH_HIT", CacheClass::origin},
                            {"TCP_REFRESH_MISS", CacheClass::origin},
                            {"TCP_MISS", CacheClass::origin},
                            {"MISS", CacheClass::origin},
                            {"PASS", CacheClass::origin},
                            {"STALE", CacheClass::stale_on_error}};

template <std::size_t N>
CacheClass of_words(std::string_view value, const Word (&words)[N]) {
  const std::string text = upper(value);
  for (const Word& word : words) {
    if (text == word.text) return word.kind;
  }
  for (const Word& word : words) {  // "Hit from cloudfront", "TCP_HIT from a1-2"
    if (text.starts_with(word.text) && text.size() > word.text.size() && text[word.text.size()] == ' ') {
      return word.kind;
    }
  }
  return CacheClass::unknown;
}

CacheClass of_header(const std::string& name, const std::string& value) {
  if (name == "cache-status") return strongest(value, of_member);
  if (name == "cf-cache-status") return of_words(value, kCloudflare);
  if (name == "x-cache-status" || name == "x-proxy-cache" || name == "x-nginx-cache")
    return of_words(value, kNginx);
  if (name == "x-cache")
    return strongest(value, [](std::string_view word) { return of_words(word, kXCache); });
  // Obsolete (RFC 9111 §5.5) but still sent by Squid and Java caches; a positive proof where present.
  if (name == "warning" && value.starts_with("111")) return CacheClass::stale_on_error;
  if (name == "warning" && value.starts_with("110")) return CacheClass::cache_stale;
  // Varnish: two transaction ids mean the object was in the cache.
  if (name == "x-varnish" && split(value, ' ').size() == 2) return CacheClass::cache_fresh;
  return CacheClass::unknown;
}

}  // namespace

CacheEvidence cache_evidence(const runtime::Headers& headers) {
  CacheEvidence evidence;
  std::optional<long> age;
  std::optional<long> lifetime;
  const auto weigh = [&](CacheClass kind, const std::string& name, const std::string& value) {
    if (strength(kind) <= strength(evidence.kind)) return;
    evidence.kind = kind;
    evidence.header = name + ": " + value;
  };
  for (const auto& [name, value] : headers) {
    weigh(of_header(name, value), name, value);
    if (name == "age") age = integer(value);
    if (name == "cache-control") {
      lifetime = directive(value, ',', "s-maxage");
      if (!lifetime) lifetime = directive(value, ',', "max-age");
    }
  }
  // Age says the answer lay in some cache; beyond its lifetime it is stale, for whatever reason.
  if (age && *age > 0) {
    const bool stale = lifetime && *age > *lifetime;
    weigh(stale ? CacheClass::cache_stale : CacheClass::cache_fresh, "age", std::to_string(*age));
  }
  if (lifetime && *lifetime >= 0) evidence.lifetime = model::Millis{*lifetime * 1000};
  return evidence;
}

}  // namespace deadcalm::probes
