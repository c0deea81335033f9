#include "probes/traffic/http_source.h"

#include <boost/json/parse.hpp>

#include "model/duration.h"
#include "model/encoding.h"
#include "probes/traffic/number.h"

namespace deadcalm::probes::traffic {

HttpCountOptions decode_http_count(config::Reader& reader) {
  HttpCountOptions options;
  options.url = reader.url_template("url", config::kHttp, config::traffic_names());
  if (options.url.is_literal() && reader.has("url")) {
    reader.fault("url", "must count since the first failed write only", "use ${window} or ${since}");
  }
  const std::string text = reader.text("value");
  if (auto path = http::JsonPath::parse(text)) {
    options.value = *std::move(path);
  } else if (!text.empty()) {
    reader.fault("value", path.error().message);
  }
  options.question = http::decode_question(reader);
  return options;
}

HttpCountSource::HttpCountSource(const std::shared_ptr<const HttpCountOptions>& options,
                                 const BackendDeps& deps)
    : options_(*options), question_(options_.question, deps) {}

std::string HttpCountSource::url_for(const CountWindow& window) const {
  const auto value = [&](std::string_view name) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(window.window).count();
    return model::url_encoded(name == "since" ? model::rfc3339(window.since) : std::to_string(seconds) + 's');
  };
  return options_.url.render(value);
}

std::string HttpCountSource::describe(const CountWindow& window) const {
  return "GET " + url_for(window) + ", the number at " + options_.value.text();
}

net::awaitable<Counted> HttpCountSource::count(CountWindow window, model::SteadyTime deadline) {
  std::string url = url_for(window);
  const http::Answered answer = co_await question_.ask(std::move(url), deadline);
  if (!answer) co_return std::unexpected(answer.error());
  if (auto refusal = http::HttpQuestion::refusal(*answer); !refusal.empty())
    co_return std::unexpected(refusal);
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer->body, error);
  if (error) co_return std::unexpected(std::string("the answer is not JSON"));
  const boost::json::value* place = options_.value.find(document);
  if (place == nullptr) co_return std::unexpected("nothing at " + options_.value.text());
  Counted count = count_in_json(*place);
  if (!count) co_return std::unexpected("at " + options_.value.text() + ": " + count.error());
  co_return count;
}

net::awaitable<CountedHours> HttpCountSource::history(model::WallTime, model::Millis, model::SteadyTime) {
  co_return std::vector<CountedHour>{};
}

}  // namespace deadcalm::probes::traffic
