#include "probes/http/decode_headers.h"

#include <algorithm>
#include <cctype>

namespace deadcalm::probes::http {
namespace {

constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || kOthers.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

}  // namespace

HeaderTemplates read_headers(config::Reader& reader, const config::RunTimeNames& names) {
  HeaderTemplates headers = reader.template_map("headers", names);
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) reader.fault("headers", '"' + name + "\" is no name of a header");
    if (has_control(value.literal()))
      reader.fault("headers", name + " holds a line end or a control character",
                   "a secret from a file has one at its end? Use `auth:` for it");
  }
  return headers;
}

runtime::Headers read_headers(config::Reader& reader) {
  runtime::Headers headers;
  for (auto& [name, value] : read_headers(reader, config::no_names()))
    headers.emplace_back(std::move(name), value.literal());
  return headers;
}

std::string read_method(config::Reader& reader, const std::string& fallback) {
  std::string method = reader.text("method", fallback);
  const bool good = std::ranges::all_of(method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  if (!good || method.empty())
    reader.fault("method", "not a method of HTTP", "GET, POST, PUT, PATCH, DELETE ...");
  return method;
}

}  // namespace deadcalm::probes::http
