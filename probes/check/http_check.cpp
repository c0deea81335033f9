#include "probes/check/http_check.h"

#include "model/duration.h"
#include "probes/http/classify.h"
#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"

namespace deadcalm::probes::check {

ViewPath decode_http_check(config::Reader& reader) {
  HttpCheckOptions options;
  options.url = reader.url("url", config::kHttp);
  reader.one_of({"json", "body"}, false);
  if (const auto json = reader.value("json", config::no_names())) {
    options.body = http::render_json(*json, http::Names{Canary{}});
    options.headers.emplace_back("Content-Type", "application/json");
  }
  options.body = reader.text("body", options.body);
  options.method = http::read_method(reader, options.body.empty() ? "GET" : "POST");
  for (auto& header : http::read_headers(reader)) options.headers.push_back(std::move(header));
  options.credentials = credentials::decode_credentials(reader);
  options.expect = http::decode_expect(reader);
  options.requests = http::decode_requests(reader);
  options.certificate =
      reader.duration("certificate", model::Millis{0}, model::Millis{0}, std::chrono::days{398});
  if (options.certificate > model::Millis{0} && options.url.starts_with("http://")) {
    reader.fault("certificate", "a plain http URL has no certificate",
                 "write https:// or leave this key out");
  }
  const std::string target = options.method + ' ' + options.url;
  return {target, [options = std::move(options)](ViewPlace place, const ViewDeps& deps) {
            return std::make_unique<HttpCheck>(std::move(place), options, deps);
          }};
}

HttpCheck::HttpCheck(ViewPlace place, HttpCheckOptions options, const ViewDeps& deps)
    : place_(std::move(place)),
      options_(std::move(options)),
      clock_(deps.clock),
      requester_(backend_deps(deps), options_.requests, options_.credentials) {}

net::awaitable<model::Observation> HttpCheck::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = clock_.now();
  runtime::HttpRequest request;
  request.method = options_.method;
  request.url = options_.url;
  request.headers = options_.headers;
  request.body = options_.body;
  request.certificate = true;
  requester_.complete(request);
  const model::SteadyTime deadline = observation.started.steady + place_.timeout;
  const auto answer = co_await requester_.send(std::move(request), deadline);
  requester_.finish();
  observation.ended = clock_.now();

  model::ViewLook look;
  if (answer) {
    look.http_status = answer->status;
    std::tie(observation.step, observation.detail) = judge(*answer, observation.ended.wall);
    look.client = observation.step.empty() ? model::Client::ok : model::Client::fail;
    look.certificate_ends = answer->certificate_ends;
  } else {
    const bool own = answer.error().failure == model::Write::unknown;
    look.client = own ? model::Client::unknown : model::Client::fail;
    observation.step = "fetch";
    observation.detail = answer.error().detail;
  }
  observation.look = std::move(look);
  co_return observation;
}

std::pair<std::string, std::string> HttpCheck::judge(const runtime::HttpAnswer& answer,
                                                     model::WallTime now) const {
  if (!options_.expect.good_status(answer.status)) {
    return {"fetch", http::classify_status(answer, false).detail};
  }
  if (auto wrong = options_.expect.violated_by(answer)) return {"expect", *std::move(wrong)};
  if (options_.certificate > model::Millis{0} && answer.certificate_ends &&
      *answer.certificate_ends - now < options_.certificate) {
    return {"certificate", "the certificate ends in " + model::for_people(*answer.certificate_ends - now) +
                               " (" + model::rfc3339(*answer.certificate_ends) + ')'};
  }
  return {};
}

}  // namespace deadcalm::probes::check
