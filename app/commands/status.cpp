#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include "app/commands/commands.h"
#include "runtime/http_client.h"

namespace deadcalm::app {
namespace {

namespace json = boost::json;
using Fetched = std::expected<runtime::HttpAnswer, runtime::HttpFailure>;

// 0.0.0.0 and [::] listen everywhere; ask on loopback.
std::string address_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const std::string host = listen.substr(0, colon);
  const bool any = host == "0.0.0.0" || host == "[::]" || host.empty();
  return "http://" + (any ? std::string("127.0.0.1") : host) + listen.substr(colon);
}

Fetched ask(const std::string& url) {
  net::io_context io(1);
  runtime::HttpClient client(io.get_executor());
  Fetched answer = std::unexpected(runtime::HttpFailure{});
  runtime::HttpRequest request;
  request.url = url;
  request.timeout = model::Millis{5'000};
  request.max_body_bytes = 64 << 20;
  net::co_spawn(io, client.fetch(std::move(request)),
                [&](const std::exception_ptr&, Fetched fetched) { answer = std::move(fetched); });
  io.run();
  return answer;
}

std::string text(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

void print(const json::object& site, std::ostream& out) {
  out << fmt::format("{} ({}), deadcalm {}, at {}\n", text(site, "site"), text(site, "instance"),
                     text(site, "version"), text(site, "at"));
  out << fmt::format("{:<20} {:<16} {:<8} {:<11} {:<22} {}\n", "service", "verdict", "masked", "phase",
                     "last good", "detail");
  for (const json::value& entry : site.at("services").as_array()) {
    const json::object& service = entry.as_object();
    std::string detail;
    for (const json::value& write : service.at("writes").as_array()) {
      if (detail.empty()) detail = text(write.as_object(), "detail");
    }
    for (const json::value& view : service.at("views").as_array()) {
      if (!detail.empty() || text(view.as_object(), "client") != "fail") continue;
      detail = text(view.as_object(), "probe") + ": " + text(view.as_object(), "detail");
    }
    const json::value* traffic = service.if_contains("traffic");
    if (detail.empty() && traffic != nullptr && traffic->is_object()) {
      const std::string why = text(traffic->get_object(), "detail");
      if (!why.empty()) detail = "traffic is not counted: " + why;
    }
    out << fmt::format("{:<20} {:<16} {:<8} {:<11} {:<22} {}\n", text(service, "name"),
                       text(service, "verdict"), text(service, "masked"), text(service, "phase"),
                       text(service, "last_good"), detail);
  }
}

}  // namespace

int status(const GlobalFlags& flags, bool as_json, std::ostream& out, std::ostream& err) {
  const auto configured = configure_file(flags.config_file, config::process_environment());
  if (!configured->loaded.options) {
    err << configured->loaded.faults.text();
    return kBadUsage;
  }
  const std::string url = address_of(configured->options().web.listen) + "/api/v1/services";
  const auto answer = ask(url);
  if (!answer || answer->status != 200) {
    err << "deadcalm: no status from " << url << ": "
        << (answer ? "HTTP " + std::to_string(answer->status) : answer.error().message)
        << "; is `deadcalm run` running?\n";
    return kFailed;
  }
  if (as_json) {
    out << answer->body;
    return kDone;
  }
  boost::system::error_code ec;
  const json::value site = json::parse(answer->body, ec);
  if (ec || !site.is_object()) {
    err << "deadcalm: " << url << " did not answer with a status: is it another program?\n";
    return kFailed;
  }
  print(site.get_object(), out);
  return kDone;
}

int healthcheck(const GlobalFlags& flags, std::ostream& out, std::ostream& err) {
  const auto configured = configure_file(flags.config_file, config::process_environment());
  if (!configured->loaded.options) {
    err << configured->loaded.faults.text();
    return kBadUsage;
  }
  const auto answer = ask(address_of(configured->options().web.listen) + "/-/healthy");
  if (answer && answer->status == 200) {
    out << answer->body;
    return kDone;
  }
  err << "deadcalm: " << (answer ? answer->body : answer.error().message + '\n');
  return kFailed;
}

}  // namespace deadcalm::app
