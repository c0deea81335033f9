#include "probes/http/requester.h"

#include "probes/http/classify.h"

namespace deadcalm::probes::http {

Requester::Requester(runtime::Clock& clock, runtime::HttpClient& client, std::string instance,
                     RequesterOptions options)
    : clock_(clock), client_(client), instance_(std::move(instance)), options_(std::move(options)) {}

void Requester::complete(runtime::HttpRequest& request) const {
  request.headers.emplace_back("User-Agent", "deadcalm/" DEADCALM_VERSION);
  request.headers.emplace_back("Deadcalm-Canary", instance_);
  request.ca_file = options_.ca_file;
  request.verify_tls = options_.verify_tls;
  request.policy = options_.policy;
  request.max_body_bytes = options_.max_body_bytes;
}

net::awaitable<Requester::Outcome> Requester::send(runtime::HttpRequest request, model::SteadyTime deadline) {
  const model::Millis left = deadline - clock_.now().steady;
  if (left <= model::Millis{0}) {
    co_return std::unexpected(StepFailure{model::Write::net, "no time left", false, false, false});
  }
  request.timeout = left;
  request.session = &session_;
  auto answer = co_await client_.fetch(std::move(request));
  if (!answer) co_return std::unexpected(classify(answer.error()));
  co_return *std::move(answer);
}

}  // namespace deadcalm::probes::http
