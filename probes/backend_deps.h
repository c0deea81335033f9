#pragma once
// What the probes that somebody configured may use: given to every backend, door and traffic source.
#include <string>

#include "config/environment.h"
#include "model/secret.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"
#include "runtime/net.h"

namespace deadcalm::probes {

// All outlive the probe.
struct BackendDeps {
  runtime::Clock& clock;
  runtime::HttpClient& client;
  net::any_io_executor executor;
  const config::Environment& environment;  // where secrets are read again
  std::string instance;                    // named in each request
  model::Secret canary_key;                // to know our own tokens in an answer
};

}  // namespace deadcalm::probes
