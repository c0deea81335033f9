#include "probes/http/classify.h"

#include <cctype>

#include "runtime/retry_after.h"

namespace deadcalm::probes::http {
namespace {

using model::Write;

bool is_challenge(const runtime::HttpAnswer& answer, bool wants_json) {
  const std::string* mitigated = answer.header("cf-mitigated");
  if (mitigated != nullptr && *mitigated == "challenge") return true;
  if (!wants_json || (answer.status != 403 && answer.status != 429 && answer.status != 503)) return false;
  const std::string* type = answer.header("content-type");
  return type != nullptr && type->starts_with("text/html");
}

// The start of the body on one line, for people.
std::string excerpt(const std::string& body) {
  std::string text;
  for (const char c : body.substr(0, 120)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || (std::isprint(byte) == 0 && std::isspace(byte) == 0))
      return {};  // binary says nothing
    text += std::isspace(byte) != 0 ? ' ' : c;
  }
  if (body.size() > 120) text += "...";
  return text.empty() || text.starts_with('<') ? std::string() : ": " + text;
}

// Where a redirect leads, without a query that may hold a secret.
std::string redirect(const runtime::HttpAnswer& answer) {
  const std::string* location = answer.header("location");
  const std::string there =
      location == nullptr ? std::string() : location->substr(0, location->find_first_of("?#"));
  return ", a redirect" + (there.empty() ? std::string() : " to " + there.substr(0, 120)) +
         ", which is not followed";
}

struct Row {
  int low, high;
  Write failure;
  bool maybe_done, looks_misconfigured;
};

// First match wins.
constexpr Row kStatuses[] = {
    {300, 399, Write::server, false, true},     // a redirect is never followed: the address has changed
    {401, 401, Write::auth, false, false},      //
    {403, 403, Write::auth, false, false},      //
    {404, 405, Write::server, false, true},     // contract until the probe has once worked
    {408, 408, Write::server, true, false},     // the server gave up waiting
    {410, 410, Write::server, false, true},     //
    {429, 429, Write::throttle, false, false},  //
    {400, 499, Write::contract, false, false},  //
    {500, 599, Write::server, true, false},     //
};

}  // namespace

StepFailure classify(const runtime::HttpFailure& failure) {
  using runtime::HttpFault;
  switch (failure.fault) {
    case HttpFault::own: return {Write::unknown, failure.message, failure.request_sent, false, false};
    case HttpFault::refused:
    case HttpFault::bad_request: return {Write::contract, failure.message, false, false, false};
    case HttpFault::too_large: return {Write::contract, failure.message, true, false, false};
    default: return {Write::net, failure.message, failure.request_sent, false, false};
  }
}

StepFailure classify_status(const runtime::HttpAnswer& answer, bool wants_json) {
  const std::string status = "HTTP " + std::to_string(answer.status);
  const auto asked = runtime::retry_after(answer);
  if (is_challenge(answer, wants_json)) {
    return {Write::throttle, status + ", a firewall's challenge instead of an answer",
            false,           false,
            false,           asked};
  }
  for (const Row& row : kStatuses) {
    if (answer.status < row.low || answer.status > row.high) continue;
    return {row.failure,
            status + (row.high == 399 ? redirect(answer) : excerpt(answer.body)),
            row.maybe_done,
            false,
            row.looks_misconfigured,
            asked};
  }
  return {Write::contract, status + ", not the status expected", true, false, false};
}

}  // namespace deadcalm::probes::http
