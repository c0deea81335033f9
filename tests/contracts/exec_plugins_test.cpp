// The exec check with real monitoring plugins (monitoring-plugins-basic) on loopback.
#include <catch2/catch.hpp>

#include "server/http_server.h"
#include "tests/support/backend_rig.h"
#include "tests/support/process.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Client;

namespace {

const std::string kPlugins = "/usr/lib/nagios/plugins/";

struct Rig : tests::BackendRig {
  int status = 200;
  std::string body = "hello";
  model::Millis takes{0};
  server::HttpServer server{io.get_executor(), [this](server::Request r) { return handle(std::move(r)); }};
  std::string port = std::to_string(server.start("127.0.0.1:0").value());

  Rig() { environment = config::process_environment(); }
  ~Rig() { tests::run_task(io, server.stop()); }

  net::awaitable<server::Response> handle(server::Request) {
    if (takes > model::Millis{0}) co_await clock.sleep_for(takes);
    server::Response r;
    r.status = status;
    r.body = body;
    co_return r;
  }
  model::Observation look(const std::string& command, model::Millis limit = 10s) {
    probes::ViewPath path;
    const std::string faults =
        tests::decode_yaml("command: [" + command + "]\n", environment,
                           [&](config::Reader& r) { path = probes::decode_check("exec", r); });
    INFO(faults);
    REQUIRE(faults.empty());
    const probes::ViewDeps deps{clock, client, io.get_executor(), "a1b2c3d4", key};
    const auto view = path.make({"orders", "check-exec", limit}, deps);
    return tests::run_task(io, view->look());
  }
  std::string check_http(const std::string& more = "") const {
    return kPlugins + "check_http, -I, 127.0.0.1, -p, \"" + port + "\", -u, /" + more;
  }
};

const model::ViewLook& seen(const model::Observation& observation) {
  return std::get<model::ViewLook>(observation.look);
}

}  // namespace

TEST_CASE("check_http: well, broken, slow, hanging, and the token in the page") {
  Rig rig;
  const auto well = rig.look(rig.check_http());
  INFO(well.detail);
  CHECK(seen(well).client == Client::ok);
  CHECK(well.detail.empty());

  rig.status = 500;
  const auto broken = rig.look(rig.check_http());
  CHECK(seen(broken).client == Client::fail);
  INFO(broken.detail);
  CHECK(broken.detail.starts_with("CRITICAL: HTTP CRITICAL: HTTP/1."));
  CHECK(broken.detail.find(" 500 ") != std::string::npos);

  rig.status = 200;
  rig.takes = 300ms;
  const auto slow = rig.look(rig.check_http(", -w, \"0.1\", -c, \"5\""));
  CHECK(seen(slow).client == Client::ok);
  INFO(slow.detail);
  CHECK(slow.detail.starts_with("WARNING: HTTP WARNING: HTTP/1."));
  CHECK(slow.detail.find("; time=0.") != std::string::npos);
  CHECK(slow.detail.find("(warning 0.1") != std::string::npos);

  rig.takes = 5s;
  const auto hanging = rig.look(rig.check_http(), 400ms);
  CHECK(seen(hanging).client == Client::fail);
  CHECK(hanging.detail.find("did not end in time") != std::string::npos);
  rig.takes = 0ms;

  const auto canary = rig.canary(9);
  rig.body = "note " + canary.token;
  const auto shown = rig.look(rig.check_http(", --show-body"));
  INFO(shown.detail);
  CHECK(seen(shown).client == Client::ok);
  REQUIRE(seen(shown).newest);
  CHECK(seen(shown).newest->seq == 9);
}

TEST_CASE("check_tcp: a port that is open, one that is closed, and words it does not know") {
  Rig rig;
  CHECK(seen(rig.look(kPlugins + "check_tcp, -H, 127.0.0.1, -p, \"" + rig.port + "\"")).client == Client::ok);
  const auto closed = rig.look(kPlugins + "check_tcp, -H, 127.0.0.1, -p, \"1\"");
  CHECK(seen(closed).client == Client::fail);
  CHECK(closed.detail.find("CRITICAL") != std::string::npos);
  const auto wrong = rig.look(kPlugins + "check_tcp, --no-such-option");
  CHECK(seen(wrong).client == Client::unknown);
  CHECK(wrong.detail.starts_with("UNKNOWN: "));
}

TEST_CASE("check_dummy: the four statuses") {
  Rig rig;
  const Client clients[] = {Client::ok, Client::ok, Client::fail, Client::unknown};
  for (int status = 0; status < 4; ++status) {
    const auto observation =
        rig.look(kPlugins + "check_dummy, \"" + std::to_string(status) + "\", \"it says so\"");
    INFO(status << ' ' << observation.detail);
    CHECK(seen(observation).client == clients[status]);
    CHECK(observation.detail.empty() == (status == 0));
  }
}
