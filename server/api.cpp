#include "server/api.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>

#include "exporter/blackbox.h"
#include "model/duration.h"

namespace deadcalm::server {
namespace {

namespace json = boost::json;
constexpr model::Millis kShareScrapes{1'000};
constexpr model::Millis kLoopStuck{60'000};
constexpr std::string_view kHeartbeats = "/api/v1/heartbeats/";
constexpr const char* kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

Response text(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

json::value time_or_null(const std::optional<model::WallTime>& at) {
  return at ? json::value(model::rfc3339(*at)) : json::value(nullptr);
}
json::value millis_or_null(const std::optional<model::Millis>& d) {
  return d ? json::value(d->count()) : json::value(nullptr);
}

json::object signals_json(const model::Signals& s) {
  json::object out;
  const auto put = [&](const char* key, std::string_view word) { out[key] = word; };
  put("write", model::name(s.write));
  put("read_back", model::name(s.read_back));
  put("sentinel", model::name(s.sentinel));
  put("client", model::name(s.client));
  put("cache", model::name(s.cache));
  put("age", model::name(s.age));
  put("lag", model::name(s.lag));
  put("beacons", model::name(s.beacons));
  put("traffic", model::name(s.traffic));
  put("anchor", model::name(s.anchor));
  return out;
}

json::object traffic_json(const model::TrafficStatus& t) {
  return {{"probe", t.probe},
          {"traffic", model::name(t.traffic)},
          {"commits", t.observed ? json::value(*t.observed) : json::value(nullptr)},
          {"window_ms", t.window.count()},
          {"silence_surprise", t.surprise},
          {"took_ms", t.took.count()},
          {"detail", t.detail}};
}

json::object service_json(const model::ServiceStatus& s) {
  json::object out;
  out["name"] = s.name;
  out["verdict"] = model::name(s.verdict);
  out["masked"] = model::name(s.masked);
  out["alarm"] = model::name(s.alarm);
  out["severity"] = model::name(s.severity);
  out["phase"] = s.phase;
  out["armed"] = s.armed;
  out["blind"] = s.blind;
  out["flapping"] = s.flapping;
  out["truth_measured"] = s.truth_measured;
  out["view_measured"] = s.view_measured;
  out["signals"] = signals_json(s.signals);
  out["failed_looks"] = s.failed_looks;
  out["failed_looks_needed"] = s.failed_looks_needed;
  out["good_looks"] = s.good_looks;
  out["good_looks_needed"] = s.good_looks_needed;
  out["since"] = time_or_null(s.since);
  out["last_good"] = time_or_null(s.last_good);
  out["client_data_age_ms"] = millis_or_null(s.client_data_age);
  out["stale_limit_ms"] = millis_or_null(s.stale_limit);
  json::array writes;
  for (const auto& w : s.writes) {
    writes.push_back(
        json::object{{"probe", w.probe},
                     {"proves", w.proves},
                     {"armed", w.armed},
                     {"paused", w.paused},
                     {"write", model::name(w.write)},
                     {"read_back", model::name(w.read_back)},
                     {"sentinel", model::name(w.sentinel)},
                     {"replica_lag_ms", millis_or_null(w.replica_lag)},
                     {"seq", w.last_seq},
                     {"took_ms", w.cycle_time.count()},
                     {"verified_at", time_or_null(w.verified_at)},
                     {"step", w.step},
                     {"detail", w.detail},
                     {"credential_ends", w.credential ? time_or_null(w.credential->at) : json::value()},
                     {"leftovers", w.leftovers}});
  }
  json::array views;
  for (const auto& v : s.views) {
    views.push_back(json::object{{"probe", v.probe},
                                 {"client", model::name(v.client)},
                                 {"cache", v.cache},
                                 {"http_status", v.http_status},
                                 {"took_ms", v.took.count()},
                                 {"canary_written_at", time_or_null(v.canary_seen_at)},
                                 {"detail", v.detail}});
  }
  out["writes"] = std::move(writes);
  out["views"] = std::move(views);
  if (s.traffic) out["traffic"] = traffic_json(*s.traffic);
  return out;
}

}  // namespace

std::string services_json(const model::SiteStatus& site) {
  json::object out;
  out["site"] = site.site;
  out["instance"] = site.instance;
  out["version"] = site.version;
  out["at"] = model::rfc3339(site.at);
  out["started"] = model::rfc3339(site.started);
  out["anchors"] = json::object{{"answered", site.anchors_answered}, {"voting", site.anchors_voting}};
  out["store_ok"] = site.store_ok;
  json::array services;
  for (const auto& service : site.services) services.push_back(service_json(service));
  out["services"] = std::move(services);
  return json::serialize(out) + '\n';
}

Api::Api(ApiDeps deps) : deps_(std::move(deps)) {}

net::awaitable<Response> Api::handle(Request request) {
  if (request.path.starts_with(kHeartbeats)) {
    if (request.method != "GET" && request.method != "POST")  // a HEAD is somebody looking, not a job
      co_return text(405, "GET or POST tells a heartbeat\n");
    co_return co_await heartbeat(request.path.substr(kHeartbeats.size()));
  }
  if (request.method != "GET" && request.method != "HEAD") co_return text(405, "only GET is answered here\n");
  if (request.path == "/metrics") co_return co_await metrics();
  if (request.path == "/probe") co_return blackbox(request);
  if (request.path == "/-/healthy") co_return healthy();
  if (request.path == "/-/ready") co_return text(200, "ready\n");
  if (request.path == "/api/v1/services") {
    Response response = text(200, services_json(deps_.facts().site));
    response.content_type = "application/json";
    co_return response;
  }
  co_return text(404,
                 "not here; there are /metrics, /probe?service=NAME, /api/v1/services, "
                 "/api/v1/heartbeats/NAME, /-/healthy and /-/ready\n");
}

// NAME: ended well; NAME/start, NAME/fail, NAME/0 to NAME/255: as the words and exit codes say.
net::awaitable<Response> Api::heartbeat(std::string path) const {
  using model::Beat;
  const std::size_t slash = path.find('/');
  const std::string name = path.substr(0, slash);
  const std::string word = slash == std::string::npos ? "0" : path.substr(slash + 1);
  Beat beat = Beat::ok;
  unsigned code = 0;
  if (word == "start") {
    beat = Beat::start;
  } else if (word == "fail") {
    beat = Beat::fail;
  } else {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), code);
    if (error != std::errc{} || end != word.data() + word.size() || code > 255) {
      co_return text(404, "after the name comes nothing, /start, /fail or an exit code from 0 to 255\n");
    }
    if (code != 0) beat = Beat::fail;
  }
  if (!deps_.beat) co_return text(404, "no heartbeats here\n");
  const auto taken = co_await deps_.beat(name, beat, static_cast<int>(code));
  if (taken) co_return text(200, "ok\n");
  const bool unknown = taken.error().kind == model::ErrorKind::not_found;
  co_return text(unknown ? 404 : 503, taken.error().message + '\n');
}

net::awaitable<Response> Api::metrics() {
  const model::SteadyTime now = deps_.clock.now().steady;
  Response response;
  response.shared_body = rendered_.lock();
  if (!response.shared_body || now - rendered_at_ >= kShareScrapes) {
    auto facts = std::make_shared<const exporter::Facts>(deps_.facts());
    auto render = [this, facts = std::move(facts)] {
      return std::make_shared<const std::string>(deps_.metrics.render(*facts));
    };
    response.shared_body = co_await renderer_.run(std::move(render));
    rendered_ = response.shared_body;
    rendered_at_ = now;
  }
  response.content_type = kPrometheusText;
  co_return response;
}

Response Api::blackbox(const Request& request) const {
  const model::SiteStatus site = deps_.facts().site;
  const std::string name = request.query_value("service");
  const auto it = std::ranges::find(site.services, name, &model::ServiceStatus::name);
  if (it == site.services.end()) {
    std::string known;
    for (const auto& service : site.services) known += ' ' + service.name;
    return text(404, "no service \"" + name + "\"; there are:" + known + '\n');
  }
  Response response = text(200, exporter::blackbox_page(*it, request.query_value("debug") == "true"));
  response.content_type = kPrometheusText;
  return response;
}

Response Api::healthy() const {
  const model::SiteStatus site = deps_.facts().site;
  if (!site.store_ok) return text(503, "the store cannot be written: " + site.store_error + '\n');
  if (site.loop_last_run && site.at - *site.loop_last_run > kLoopStuck) {
    return text(503, "the scheduler last ran at " + model::rfc3339(*site.loop_last_run) + '\n');
  }
  return text(200, "healthy\n");
}

}  // namespace deadcalm::server
