#pragma once
// What every backend over HTTP does alike: name us in each request, keep the deadline, use one connection
// for one cycle, and put a class to what never became an answer.
#include <expected>
#include <string>

#include "probes/backend.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::http {

struct RequesterOptions {
  std::string ca_file;  // PEM; empty: the system's store
  bool verify_tls = true;
  std::size_t max_body_bytes = 1 << 20;
  model::ConnectionPolicy policy{};
};

// Loop thread only.
class Requester {
 public:
  using Outcome = std::expected<runtime::HttpAnswer, StepFailure>;

  Requester(runtime::Clock& clock, runtime::HttpClient& client, std::string instance,
            RequesterOptions options);

  // Adds User-Agent, Deadcalm-Canary, TLS options and limits. Call it last: a dry run prints the result.
  void complete(runtime::HttpRequest& request) const;

  // Sends a completed request. The cycle's first one connects anew, so that DNS, TLS and the balancer are
  // proved each time; those that follow use its connection.
  net::awaitable<Outcome> send(runtime::HttpRequest request, model::SteadyTime deadline);

  void finish() { session_.close(); }  // the cycle is over

  runtime::Clock& clock() const { return clock_; }

 private:
  runtime::Clock& clock_;
  runtime::HttpClient& client_;
  std::string instance_;
  RequesterOptions options_;
  runtime::HttpSession session_;
};

}  // namespace deadcalm::probes::http
