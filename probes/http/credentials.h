#pragma once
// The door for whatever shows a server who we are: a fixed header, a token from an endpoint, a signature
// over the request. Implementations: probes/credentials/; adding one is a row in its kinds.cpp.
#include <expected>
#include <optional>
#include <string>

#include "model/credential.h"
#include "probes/backend.h"
#include "runtime/http_client.h"
#include "runtime/net.h"

namespace deadcalm::probes::http {

// Loop thread only. Several steps of a cycle may ask at the same time.
class Credentials {
 public:
  virtual ~Credentials() = default;

  // Adds what shows who we are to `request`, which is complete but for it (a signature covers method, URL,
  // headers and body) and outlives the call. May ask a token endpoint first; ends by the deadline. A
  // failure is the step's: auth when the endpoint refuses us, net when it does not answer.
  virtual net::awaitable<std::expected<void, StepFailure>> authorize(runtime::HttpRequest& request,
                                                                     model::SteadyTime deadline) = 0;

  // The server did not accept what authorize() added. The next authorize() starts over: reads a secret's
  // file again, gets another token. Called once before a step is tried again, never in a loop.
  virtual void refused() = 0;

  // When what we hold ends, where that is known.
  virtual std::optional<model::CredentialExpiry> expiry() const { return std::nullopt; }

  // For the dry run, as a header: "x-api-key: <secret>". No secrets that runtime::masked() does not know.
  virtual std::string describe() const { return {}; }
};

}  // namespace deadcalm::probes::http
