#include <algorithm>

#include "config/decode.h"
#include "config/url.h"

namespace deadcalm::config {
namespace {

bool is_site_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string decode_site_name(Reader& root) {
  const std::string& host = root.context().environment().host_name;
  std::string name = root.text("site", host);
  if (is_site_name(name) || !root.has("site")) return name;
  root.fault("site", "a site's name has up to 63 letters, digits, dots, _ and -");
  return host;
}

StoreOptions decode_store(Reader& root) {
  StoreOptions store;
  if (root.context().environment().in_container) store.path = "/data/deadcalm.db";
  auto reader = root.child("store");
  if (!reader) return store;
  store.path = reader->text("path", store.path);
  if (store.path.empty()) reader->fault("path", "must not be empty");
  store.retention =
      reader->duration("retention", store.retention, std::chrono::hours{24}, std::chrono::hours{24 * 3'650});
  return store;
}

WebOptions decode_web(Reader& root) {
  WebOptions web;
  auto reader = root.child("web");
  if (!reader) return web;
  web.listen = reader->text("listen", web.listen);
  if (std::string problem = fault_in_host_port(web.listen, true); !problem.empty()) {
    reader->fault("listen", std::move(problem), "for example 127.0.0.1:9178");
  }
  return web;
}

LogOptions decode_log(Reader& root) {
  LogOptions log;
  auto reader = root.child("log");
  if (!reader) return log;
  log.level = reader->choice("level", log.level);
  log.format = reader->choice("format", log.format);
  return log;
}

std::optional<model::Secret> decode_canary_key(Reader& root) {
  constexpr std::size_t kShortest = 16;
  auto key = root.optional_secret("canary_key");
  if (key && key->reveal().size() < kShortest) {
    root.fault(root.has("canary_key") ? "canary_key" : "canary_key_file",
               "this key is shorter than 16 bytes, so tokens could be forged",
               "make one with: openssl rand -hex 32");
  }
  return key;
}

std::optional<DeadmanOptions> decode_deadman(Reader& root) {
  auto reader = root.child("deadman");
  if (!reader) return std::nullopt;
  DeadmanOptions deadman;
  deadman.url = reader->url("url", kHttp);
  deadman.every = reader->duration("every", deadman.every, seconds{5}, std::chrono::hours{24});
  reader->context().remember(deadman.url);
  return deadman;
}

}  // namespace

void decode_site(Reader& root, Options& options) {
  options.site = decode_site_name(root);
  options.store = decode_store(root);
  options.web = decode_web(root);
  options.log = decode_log(root);
  options.canary_key = decode_canary_key(root);
  options.deadman = decode_deadman(root);
  options.max_in_flight = static_cast<std::size_t>(root.integer("max_in_flight", 0, 0, 100'000));
}

}  // namespace deadcalm::config
