#pragma once
// What the daemon answers over HTTP (docs/configuration.md, "HTTP"):
//   GET /metrics            Prometheus text, rendered off the loop, shared by scrapes at the same time
//   GET /probe?service=NAME blackbox names about one service; &debug=true adds the last looks in words
//   GET or POST /api/v1/heartbeats/NAME[/start|/fail|/EXITCODE]  a job tells that it lives (0: it ended well)
//   GET /api/v1/services    the present status as JSON
//   GET /-/healthy          200 while the loop runs and the store can be written, else 503 with the reason
//   GET /-/ready            200 once started
#include <functional>
#include <memory>
#include <string>

#include "exporter/metrics.h"
#include "model/heartbeat.h"
#include "model/status.h"
#include "runtime/clock.h"
#include "runtime/worker.h"
#include "server/http_server.h"

namespace deadcalm::server {

struct ApiDeps {
  runtime::Clock& clock;
  exporter::Metrics& metrics;
  std::function<exporter::Facts()> facts;
  // A job's beat; may be empty.
  std::function<net::awaitable<model::Result<void>>(std::string name, model::Beat beat, int exit_code)> beat;
};

// Loop thread only; outlives the HttpServer whose handler it is.
class Api {
 public:
  explicit Api(ApiDeps deps);
  net::awaitable<Response> handle(Request request);

 private:
  net::awaitable<Response> metrics();
  net::awaitable<Response> heartbeat(std::string path) const;
  Response blackbox(const Request& request) const;
  Response healthy() const;

  ApiDeps deps_;
  std::weak_ptr<const std::string> rendered_;  // alive while a scrape is being answered
  model::SteadyTime rendered_at_{model::SteadyTime::duration::min()};
  runtime::Worker renderer_{"metrics"};
};

// The body of /api/v1/services.
std::string services_json(const model::SiteStatus& site);

}  // namespace deadcalm::server
