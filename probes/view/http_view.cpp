#include "probes/view/http_view.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/cache_evidence.h"
#include "probes/http/classify.h"
#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"

namespace deadcalm::probes {
namespace {

// Where `token:` points to, as text; the whole body without it.
std::string token_text(const std::string& body, const std::optional<http::JsonPath>& path) {
  if (!path) return body;
  boost::system::error_code ec;
  const boost::json::value document = boost::json::parse(body, ec);
  const boost::json::value* place = ec ? nullptr : path->find(document);
  return place != nullptr ? boost::json::serialize(*place) : std::string();
}

}  // namespace

HttpViewOptions decode_http_view(config::Reader& reader) {
  HttpViewOptions options;
  options.url = reader.url("url", config::kHttp);
  options.headers = http::read_headers(reader);
  options.credentials = credentials::decode_credentials(reader);
  options.expect = http::decode_expect(reader);
  if (const auto text = reader.optional_text("token")) {
    if (auto path = http::JsonPath::parse(*text)) {
      options.token = *std::move(path);
    } else {
      reader.fault("token", path.error().message);
    }
  }
  options.requests = http::decode_requests(reader, 4 << 20);
  return options;
}

HttpView::HttpView(ViewPlace place, HttpViewOptions options, const ViewDeps& deps)
    : place_(std::move(place)),
      options_(std::move(options)),
      clock_(deps.clock),
      canary_key_(deps.canary_key),
      requester_(backend_deps(deps), options_.requests, options_.credentials) {}

net::awaitable<model::Observation> HttpView::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = clock_.now();
  runtime::HttpRequest request;
  request.url = options_.url;
  request.headers = options_.headers;
  requester_.complete(request);
  const model::SteadyTime deadline = observation.started.steady + place_.timeout;
  const auto answer = co_await requester_.send(std::move(request), deadline);
  requester_.finish();
  observation.ended = clock_.now();

  model::ViewLook look;
  if (answer) {
    read_answer(*answer, observation, look);
  } else {
    const bool own = answer.error().failure == model::Write::unknown;
    look.client = own ? model::Client::unknown : model::Client::fail;
    observation.step = "fetch";
    observation.detail = answer.error().detail;
  }
  observation.look = std::move(look);
  co_return observation;
}

void HttpView::read_answer(const runtime::HttpAnswer& answer, model::Observation& observation,
                           model::ViewLook& look) const {
  look.http_status = answer.status;
  CacheEvidence evidence = cache_evidence(answer.headers);
  look.cache = evidence.kind;
  look.cache_evidence = std::move(evidence.header);
  look.lifetime = evidence.lifetime;
  look.client = model::Client::ok;
  if (!options_.expect.good_status(answer.status)) {
    look.client = model::Client::fail;
    observation.step = "fetch";
    observation.detail = http::classify_status(answer, false).detail;
    return;
  }
  if (auto wrong = options_.expect.violated_by(answer)) {
    look.client = model::Client::fail;
    observation.step = "expect";
    observation.detail = *std::move(wrong);
    return;
  }
  // The newest by the time it was written: tokens of several streams may be in one answer.
  for (const model::Token& token : model::find_tokens(token_text(answer.body, options_.token), canary_key_)) {
    if (look.newest && look.newest->written >= token.written) continue;
    look.newest = model::SeenToken{token.stream, token.seq, token.written};
  }
}

}  // namespace deadcalm::probes
