#pragma once
// The `http` source: a number at a place of a JSON answer, for the window or the moment in the URL.
#include "config/template.h"
#include "probes/backend_deps.h"
#include "probes/http/http_question.h"
#include "probes/http/json_path.h"
#include "probes/traffic/count_source.h"

namespace deadcalm::probes::traffic {

struct HttpCountOptions {
  config::Template url;  // ${since}: RFC 3339; ${window}: "300s"
  http::JsonPath value;
  http::QuestionOptions question;
};

HttpCountOptions decode_http_count(config::Reader& reader);

class HttpCountSource final : public CountSource {
 public:
  HttpCountSource(const std::shared_ptr<const HttpCountOptions>& options, const BackendDeps& deps);

  net::awaitable<Counted> count(CountWindow window, model::SteadyTime deadline) override;
  net::awaitable<CountedHours> history(model::WallTime now, model::Millis back,
                                       model::SteadyTime deadline) override;
  std::string describe(const CountWindow& window) const override;

 private:
  std::string url_for(const CountWindow& window) const;

  HttpCountOptions options_;
  http::HttpQuestion question_;
};

}  // namespace deadcalm::probes::traffic
