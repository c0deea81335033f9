#include "probes/aws/errors.h"

#include <algorithm>

namespace deadcalm::probes::aws {
namespace {

using model::Write;

constexpr ErrorRow kCommon[] = {
    {"AccessDenied", Write::auth},
    {"AccessDeniedException", Write::auth},
    {"ExpiredToken", Write::auth},
    {"ExpiredTokenException", Write::auth},
    {"IncompleteSignature", Write::auth},
    {"IncompleteSignatureException", Write::auth},
    {"InvalidAccessKeyId", Write::auth},
    {"InvalidClientTokenId", Write::auth},
    {"InvalidSignatureException", Write::auth},
    {"InvalidToken", Write::auth},
    {"MissingAuthenticationToken", Write::auth},
    {"MissingAuthenticationTokenException", Write::auth},
    {"NotAuthorized", Write::auth},
    {"OptInRequired", Write::auth},
    {"SignatureDoesNotMatch", Write::auth},
    {"UnrecognizedClientException", Write::auth},
    {"RequestLimitExceeded", Write::throttle},
    {"ThrottledException", Write::throttle},
    {"Throttling", Write::throttle},
    {"ThrottlingException", Write::throttle},
    {"TooManyRequestsException", Write::throttle},
    {"InternalFailure", Write::server},
    {"InternalServerError", Write::server},
    {"ServiceUnavailable", Write::server},
    {"ServiceUnavailableException", Write::server},
    {"RequestTimeTooSkewed", Write::unknown},
    {"RequestExpired", Write::unknown},
    {"ValidationError", Write::contract},
    {"ValidationException", Write::contract},
};

// A clock of ours that is wrong looks like a bad signature: our own fault, and no word about the service.
bool blames_our_clock(std::string_view name, std::string_view message) {
  return name == "InvalidSignatureException" && (message.find("expired") != std::string_view::npos ||
                                                 message.find("not yet current") != std::string_view::npos);
}

Write by_status(int status) {
  if (status == 429) return Write::throttle;
  if (status == 401 || status == 403) return Write::auth;
  return status >= 500 ? Write::server : Write::contract;
}

}  // namespace

StepFailure classify_error(std::string_view name, std::string_view message, int status,
                           std::span<const ErrorRow> own) {
  StepFailure failure;
  failure.detail = "HTTP " + std::to_string(status) + (name.empty() ? "" : " " + std::string(name));
  if (!message.empty()) failure.detail += ": " + std::string(message.substr(0, 300));
  failure.failure = by_status(status);
  for (const std::span<const ErrorRow> table : {own, std::span<const ErrorRow>(kCommon)}) {
    const auto row = std::ranges::find(table, name, &ErrorRow::name);
    if (row == table.end()) continue;
    failure.failure = row->failure;
    failure.container_gone = row->container_gone;
    break;
  }
  if (blames_our_clock(name, message)) failure.failure = Write::unknown;
  if (failure.failure == Write::unknown) failure.detail += " (this machine's clock is wrong)";
  failure.maybe_done = failure.failure == Write::server && !failure.container_gone;
  failure.looks_misconfigured = failure.container_gone;
  return failure;
}

}  // namespace deadcalm::probes::aws
