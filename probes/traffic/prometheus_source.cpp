#include "probes/traffic/prometheus_source.h"

#include <boost/json/parse.hpp>
#include <cmath>

#include "model/duration.h"
#include "model/encoding.h"
#include "probes/traffic/number.h"

namespace deadcalm::probes::traffic {
namespace {

namespace json = boost::json;

constexpr model::Millis kHour = std::chrono::hours{1};

std::string in_seconds(model::Millis window) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(window).count()) + 's';
}

struct Result {
  std::string type;
  json::array series;  // of a scalar the pair itself
};

// {"status":"success","data":{"resultType":...,"result":[...]}}; {"status":"error","error":"..."} also comes
// with 400 and 422.
std::expected<Result, std::string> result_in(int status, const std::string& body) {
  boost::system::error_code error;
  const json::value document = json::parse(body, error);
  const json::object* answer = error ? nullptr : document.if_object();
  const std::string code = "HTTP " + std::to_string(status);
  const json::value* said = answer == nullptr ? nullptr : answer->if_contains("error");
  if (said != nullptr && said->is_string()) {
    return std::unexpected(code + ": " + std::string(said->get_string()).substr(0, 200));
  }
  if (status < 200 || status > 299) return std::unexpected(code);
  if (answer == nullptr) return std::unexpected(std::string("the answer is not JSON"));
  const json::value* data = answer->if_contains("data");
  const json::value* type =
      data != nullptr && data->is_object() ? data->get_object().if_contains("resultType") : nullptr;
  const json::value* result =
      data != nullptr && data->is_object() ? data->get_object().if_contains("result") : nullptr;
  if (type == nullptr || !type->is_string() || result == nullptr || !result->is_array()) {
    return std::unexpected(std::string("the answer is not one of Prometheus: is this its address?"));
  }
  return Result{std::string(type->get_string()), result->get_array()};
}

// [<unix seconds>, "<number>"]
const json::string* sample_text(const json::array* pair) {
  return pair != nullptr && pair->size() == 2 ? (*pair)[1].if_string() : nullptr;
}

const json::value* member(const json::value& series, const char* key) {
  const json::object* fields = series.if_object();
  return fields == nullptr ? nullptr : fields->if_contains(key);
}

std::string one_wanted(std::size_t found, const CountWindow& window) {
  if (found > 1) return std::to_string(found) + " series instead of one: add them up with sum()";
  return "no series: does the metric exist, and is it scraped twice within " + in_seconds(window.window) +
         '?';
}

}  // namespace

Counted count_in_vector(int status, const std::string& body, const CountWindow& window) {
  const auto result = result_in(status, body);
  if (!result) return std::unexpected(result.error());
  const json::string* text = nullptr;
  if (result->type == "scalar") {
    text = sample_text(&result->series);
    if (text != nullptr) return count_in_text(*text);
  } else if (result->type == "vector") {
    if (result->series.size() != 1) return std::unexpected(one_wanted(result->series.size(), window));
    const json::value* sample = member(result->series[0], "value");
    text = sample == nullptr ? nullptr : sample_text(sample->if_array());
    if (text != nullptr) return count_in_text(*text);
  }
  return std::unexpected("a " + result->type + " instead of one number");
}

CountedHours hours_in_matrix(int status, const std::string& body) {
  const auto result = result_in(status, body);
  if (!result) return std::unexpected(result.error());
  std::vector<CountedHour> hours;
  if (result->type != "matrix" || result->series.size() > 1) {
    return std::unexpected(std::string("not one series over time"));
  }
  if (result->series.empty()) return hours;
  const json::value* values = member(result->series[0], "values");
  if (values == nullptr || !values->is_array()) return hours;
  for (const json::value& pair : values->get_array()) {
    const json::string* text = sample_text(pair.if_array());
    boost::system::error_code error;
    const double at = text == nullptr ? 0 : pair.get_array()[0].to_number<double>(error);
    const Counted count = text == nullptr ? Counted(std::unexpected(std::string())) : count_in_text(*text);
    if (error || !count) continue;  // a hole, like any hour that was not scraped
    hours.push_back({model::from_unix_millis(std::llround(at * 1000)) - kHour, *count});
  }
  return hours;
}

PrometheusOptions decode_prometheus(config::Reader& reader) {
  PrometheusOptions options;
  options.url = reader.url("url", config::kHttp);
  while (options.url.ends_with('/')) options.url.pop_back();
  options.query = reader.template_text("query", config::RunTimeNames{{"window"}});
  if (options.query.literal().find(" offset ") != std::string::npos) {
    reader.fault("query", "an offset counts commits from before the window", "leave it out");
  }
  options.question = http::decode_question(reader);
  return options;
}

PrometheusSource::PrometheusSource(const std::shared_ptr<const PrometheusOptions>& options,
                                   const BackendDeps& deps)
    : options_(*options), question_(options_.question, deps) {}

std::string PrometheusSource::query_for(const CountWindow& window) const {
  return options_.query.render([&](std::string_view) { return in_seconds(window.window); });
}

std::string PrometheusSource::describe(const CountWindow& window) const {
  return "GET " + options_.url + "/api/v1/query with query=" + query_for(window);
}

net::awaitable<Counted> PrometheusSource::count(CountWindow window, model::SteadyTime deadline) {
  // Without a time: the server's own "now", so that our clock and its need not agree.
  std::string url = options_.url + "/api/v1/query?query=" + model::url_encoded(query_for(window));
  const http::Answered answer = co_await question_.ask(std::move(url), deadline);
  if (!answer) co_return std::unexpected(answer.error());
  co_return count_in_vector(answer->status, answer->body, window);
}

net::awaitable<CountedHours> PrometheusSource::history(model::WallTime now, model::Millis back,
                                                       model::SteadyTime deadline) {
  const auto end = std::chrono::floor<std::chrono::hours>(now);
  const auto seconds = [](model::WallTime at) { return std::to_string(model::unix_millis(at) / 1000); };
  std::string url = options_.url + "/api/v1/query_range?step=3600&start=" + seconds(end - back + kHour) +
                    "&end=" + seconds(end) + "&query=" + model::url_encoded(query_for({end - kHour, kHour}));
  const http::Answered answer = co_await question_.ask(std::move(url), deadline);
  if (!answer) co_return std::unexpected(answer.error());
  co_return hours_in_matrix(answer->status, answer->body);
}

}  // namespace deadcalm::probes::traffic
