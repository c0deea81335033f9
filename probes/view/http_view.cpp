#include "probes/view/http_view.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "probes/cache_evidence.h"
#include "probes/http/classify.h"
#include "probes/http/decode.h"

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
  options.headers = reader.text_map("headers");
  options.auth = http::decode_auth(reader);
  options.expect = http::decode_expect(reader);
  http::decode_tls(reader, options.ca_file, options.verify_tls);
  if (const auto text = reader.optional_text("token")) {
    if (auto path = http::JsonPath::parse(*text)) {
      options.token = *std::move(path);
    } else {
      reader.fault("token", path.error().message);
    }
  }
  options.max_body_bytes =
      static_cast<std::size_t>(reader.integer("max_body_bytes", 4 << 20, 1024, 64 << 20));
  return options;
}

HttpView::HttpView(ViewPlace place, HttpViewOptions options, ViewDeps deps)
    : place_(std::move(place)), options_(std::move(options)), deps_(std::move(deps)) {}

net::awaitable<model::Observation> HttpView::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = deps_.clock.now();
  runtime::HttpRequest request;
  request.url = options_.url;
  request.headers = options_.headers;
  request.headers.emplace_back("User-Agent", "deadcalm/" DEADCALM_VERSION);
  request.headers.emplace_back("Deadcalm-Canary", deps_.instance);
  if (auto auth = http::auth_header(options_.auth)) request.headers.push_back(*std::move(auth));
  request.timeout = place_.timeout;
  request.max_body_bytes = options_.max_body_bytes;
  request.ca_file = options_.ca_file;
  request.verify_tls = options_.verify_tls;
  const auto answer = co_await deps_.client.fetch(std::move(request));
  observation.ended = deps_.clock.now();

  model::ViewLook look;
  if (answer) {
    read_answer(*answer, observation, look);
  } else {
    const StepFailure failure = http::classify(answer.error());
    look.client = failure.failure == model::Write::unknown ? model::Client::unknown : model::Client::fail;
    observation.step = "fetch";
    observation.detail = failure.detail;
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
  for (const model::Token& token :
       model::find_tokens(token_text(answer.body, options_.token), deps_.canary_key)) {
    if (look.newest && look.newest->written >= token.written) continue;
    look.newest = model::SeenToken{token.stream, token.seq, token.written};
  }
}

}  // namespace deadcalm::probes
