#pragma once
// The `prometheus` source: an instant query of the HTTP API
// (prometheus.io/docs/prometheus/latest/querying/api, "Instant queries"), and for history a range query with
// one step an hour.
//
// The answer must be a scalar or a vector of one element. An empty vector is unknown, not 0: it is what one
// gets when the metric is misspelt, its target is not scraped, or the window holds fewer than two scrapes.
#include "config/template.h"
#include "probes/backend_deps.h"
#include "probes/http/http_question.h"
#include "probes/traffic/count_source.h"

namespace deadcalm::probes::traffic {

struct PrometheusOptions {
  std::string url;         // of the server, without /api/v1
  config::Template query;  // ${window}
  http::QuestionOptions question;
};

PrometheusOptions decode_prometheus(config::Reader& reader);

class PrometheusSource final : public CountSource {
 public:
  PrometheusSource(const std::shared_ptr<const PrometheusOptions>& options, const BackendDeps& deps);

  net::awaitable<Counted> count(CountWindow window, model::SteadyTime deadline) override;
  net::awaitable<CountedHours> history(model::WallTime now, model::Millis back,
                                       model::SteadyTime deadline) override;
  std::string describe(const CountWindow& window) const override;

 private:
  std::string query_for(const CountWindow& window) const;

  PrometheusOptions options_;
  http::HttpQuestion question_;
};

// From the body of an answer to the number in it. Pure.
Counted count_in_vector(int status, const std::string& body, const CountWindow& window);
CountedHours hours_in_matrix(int status, const std::string& body);

}  // namespace deadcalm::probes::traffic
