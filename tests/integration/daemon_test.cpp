// The real program as its operator meets it: signals, kill -9 in an incident, commands, a full disk, and
// what it says when it cannot start.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "tests/integration/daemon_process.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

const std::string kSilenced = "deadcalm_silenced{service=\"orders\"}";
const std::string kAccepted = "deadcalm_notify_attempts_total{channel=\"hook\",result=\"accepted\"}";

std::set<std::string> dedup_keys(tests::Site& site) {
  return site.receiver.ask([](tests::Receiver& receiver) {
    std::set<std::string> keys;
    for (const auto& message : receiver.got) keys.insert(message.dedup_key);
    return keys;
  });
}

boost::json::value orders(const tests::Site& site) {
  return boost::json::parse(site.get("/api/v1/services").text).at("services").at(0);
}

bool paused(const tests::Site& site) {
  return orders(site).at("writes").at(0).at("paused").as_bool();
}

// How large a file this process may make: a full disk as far as it can see.
void limit_files(const tests::Process& process, rlim_t bytes) {
  rlimit limit{};
  REQUIRE(::prlimit(process.pid(), RLIMIT_FSIZE, nullptr, &limit) == 0);
  limit.rlim_cur = bytes;
  REQUIRE(::prlimit(process.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
}

}  // namespace

TEST_CASE("SIGTERM: what is under way ends, exit 0, and the next start knows everything") {
  tests::Site site;
  site.start();
  const std::string instance =
      boost::json::serialize(boost::json::parse(site.get("/api/v1/services").text).at("instance"));
  site.process.signal(SIGTERM);
  CHECK(tests::ends_within(site.process, 5s) == 0);
  const std::string log = site.log();
  INFO(log);
  CHECK(log.find("stopping") != std::string::npos);
  CHECK(log.ends_with("stopped\n"));
  CHECK(site.records() <= 2);

  site.start();
  CHECK(site.get("/api/v1/services").has(instance));
  CHECK(site.receiver.ask([](tests::Receiver& r) { return r.count("trigger") + r.count("trigger", true); }) ==
        0);
  CHECK(tests::eventually([&] { return site.records() == 1; }));
}

TEST_CASE("SIGHUP is answered and ends nothing") {
  tests::Site site;
  site.start();
  site.process.signal(SIGHUP);
  CHECK(tests::eventually([&] { return site.log().find("SIGHUP") != std::string::npos; }));
  CHECK(site.get("/-/healthy").code == 200);
}

TEST_CASE("one daemon per store: the second says whom it met") {
  tests::Site site;
  site.start();
  const auto second = site.deadcalm({"run"});
  CHECK(second.code == 1);
  CHECK(second.has("another deadcalm (process " + std::to_string(site.process.pid()) + ")"));
  CHECK(second.has(site.store()));
  CHECK(second.has("store.path"));
  CHECK(site.get("/-/healthy").code == 200);
}

TEST_CASE("a taken web port: what to mend") {
  tests::Site site;
  site.start();
  tests::Site other;
  other.port = site.port;
  other.write_config(other.yaml());
  const auto refused = other.deadcalm({"run"});
  CHECK(refused.code == 1);
  CHECK(refused.has("cannot listen on 127.0.0.1:" + std::to_string(site.port)));
  CHECK(refused.has("web.listen"));
  CHECK(other.records() == 0);
}

TEST_CASE("a configuration that cannot be used: exit 2, and where") {
  const tests::Site site;
  site.write_config("site: test\nservices:\n  - name: orders\n    wirte: [\n");
  const auto broken = site.deadcalm({"run"});
  CHECK(broken.code == 2);
  CHECK(broken.has(site.config() + ":4:12: "));

  site.write_config(site.yaml() + "chanels: []\n");
  const auto typo = site.deadcalm({"run"});
  CHECK(typo.code == 2);
  CHECK(typo.has(site.config() + ":21:1: "));
  CHECK(typo.has("channels"));

  const auto nothing =
      tests::run_words({DEADCALM_BINARY_DIR "/app/deadcalm", "-c", "/nowhere/d.yaml", "run"});
  CHECK(nothing.code == 2);
  CHECK(nothing.has("/nowhere/d.yaml"));
}

TEST_CASE("kill -9 in the middle of an incident: one page, one resolve") {
  tests::Site site;
  site.start();
  site.api.stop();
  REQUIRE(tests::eventually([&] { return site.receiver.pages() == 1; }));
  // The receiver has it; wait until deadcalm has noted that. A crash between is allowed a second try.
  REQUIRE(tests::eventually([&] {
    return site.metric(kAccepted) == 1 && site.metric("deadcalm_outbox_items{state=\"sending\"}") == 0;
  }));
  site.process.kill();

  site.launch();
  const auto looked_again = [&] {
    return site.metric("deadcalm_looks_total{service=\"orders\",probe=\"write-http\",outcome=\"failed\"}") >=
           4;
  };
  REQUIRE(tests::eventually(looked_again));
  CHECK(site.metric("deadcalm_incidents_open") == 1);
  CHECK(site.metric("deadcalm_outbox_items{state=\"queued\"}") == 0);
  CHECK(site.receiver.count("trigger") == 1);

  site.api.start();
  REQUIRE(tests::eventually([&] { return site.receiver.count("resolve") == 1; }));
  REQUIRE(
      tests::eventually([&] { return site.is("healthy") && site.metric("deadcalm_incidents_open") == 0; }));
  CHECK(tests::eventually([&] { return site.records() == 1; }));
  site.process.signal(SIGTERM);  // what was still to be sent is sent before the end
  CHECK(tests::ends_within(site.process, 5s) == 0);
  CHECK(site.receiver.count("trigger") == 1);
  CHECK(site.receiver.count("resolve") == 1);
  CHECK(dedup_keys(site).size() == 1);
}

TEST_CASE("status and healthcheck") {
  tests::Site site;
  const auto nobody = site.deadcalm({"status"});
  CHECK(nobody.code == 1);
  CHECK(nobody.has("is `deadcalm run` running?"));
  CHECK(site.deadcalm({"healthcheck"}).code == 1);

  site.start();
  const auto table = site.deadcalm({"status"});
  CHECK(table.code == 0);
  CHECK(table.has("orders"));
  CHECK(table.has("healthy"));
  const auto as_json = site.deadcalm({"status", "--json"});
  CHECK(as_json.code == 0);
  CHECK(boost::json::parse(as_json.text).at("services").at(0).at("name").as_string() == "orders");
  const auto healthy = site.deadcalm({"healthcheck"});
  CHECK(healthy.code == 0);
  CHECK(healthy.text == "healthy\n");
}

TEST_CASE("what a person tells it is obeyed by the running daemon") {
  tests::Site site;
  const auto early = site.deadcalm({"silence", "orders", "2h"});
  CHECK(early.code == 1);
  CHECK(early.has("there is no store"));
  site.start();

  SECTION("silence and unsilence") {
    CHECK(site.metric(kSilenced) == 0);
    const auto noted = site.deadcalm({"silence", "orders", "2h", "--reason", "x"});
    CHECK(noted.code == 0);
    CHECK(noted.has("noted: silence orders"));
    CHECK(tests::eventually([&] { return site.metric(kSilenced) == 1; }));
    site.api.stop();
    const auto confirmed = [&] { return site.metric("deadcalm_incidents_open") == 1; };
    CHECK(tests::eventually(confirmed));
    CHECK(site.receiver.count("trigger") == 0);
    CHECK(site.deadcalm({"unsilence", "orders"}).code == 0);
    CHECK(tests::eventually([&] { return site.metric(kSilenced) == 0; }));
    CHECK(tests::eventually([&] { return site.receiver.pages() == 1; }));
  }
  SECTION("refused, with a reason") {
    const auto long_one = site.deadcalm({"silence", "orders", "8d"});
    CHECK(long_one.code == 2);
    CHECK(long_one.has("7 days at most"));
    const auto close = site.deadcalm({"silence", "ordres", "1h"});
    CHECK(close.code == 2);
    CHECK(close.has("no service \"ordres\""));
    CHECK(close.has("did you mean \"orders\"?"));
    const auto unknown = site.deadcalm({"silence", "nope", "1h"});
    CHECK(unknown.code == 2);
    CHECK(unknown.has("no service \"nope\""));
    const auto odd = site.deadcalm({"silence", "orders", "soon"});
    CHECK(odd.code == 2);
    CHECK(odd.has("\"soon\" is not a duration"));
    CHECK(site.metric(kSilenced) == 0);
  }
  SECTION("pause-writes and resume-writes") {
    CHECK(site.deadcalm({"pause-writes", "--all"}).code == 0);
    REQUIRE(tests::eventually([&] { return paused(site) && site.is("unknown"); }));
    const std::size_t planted = site.plants();
    const double before =
        site.metric("deadcalm_looks_total{service=\"orders\",probe=\"view-http\",outcome=\"ok\"}").value();
    CHECK(tests::eventually([&] {
      return site.metric("deadcalm_looks_total{service=\"orders\",probe=\"view-http\",outcome=\"ok\"}") >=
             before + 2;
    }));
    CHECK(site.plants() == planted);
    CHECK(site.deadcalm({"resume-writes", "--all"}).code == 0);
    CHECK(tests::eventually([&] { return !paused(site) && site.plants() > planted && site.is("healthy"); }));
    CHECK(site.receiver.pages() == 0);
  }
  SECTION("sentinels drop") {
    CHECK(site.records() >= 1);
    CHECK(site.deadcalm({"sentinels", "drop", "orders"}).code == 0);
    CHECK(tests::eventually([&] { return paused(site) && site.records() == 0; }));
    CHECK(site.receiver.pages() == 0);
  }
}

TEST_CASE("a full disk: keeps running, says why it is not healthy, pages past the store, recovers") {
  tests::Site site;
  site.launch("trap '' XFSZ");
  REQUIRE(tests::eventually([&] { return site.is("healthy"); }));
  limit_files(site.process, 4096);
  REQUIRE(tests::eventually([&] { return site.get("/-/healthy").code == 503; }));
  CHECK(site.get("/-/healthy").has("the store cannot be written: "));
  CHECK(site.metric("deadcalm_store_writable") == 0);
  const auto unhealthy = site.deadcalm({"healthcheck"});
  CHECK(unhealthy.code == 1);
  CHECK(unhealthy.has("the store cannot be written"));

  site.api.stop();  // an outage that cannot be noted is told all the same
  const auto told = [&] {
    return site.receiver.ask([](tests::Receiver& r) {
      return std::ranges::any_of(r.got, [](const tests::Received& m) {
        return m.title.find("orders: visible_outage") != std::string::npos;
      });
    });
  };
  CHECK(tests::eventually(told));

  site.api.start();
  limit_files(site.process, RLIM_INFINITY);
  CHECK(tests::eventually([&] { return site.get("/-/healthy").code == 200; }));
  CHECK(tests::eventually([&] { return site.metric("deadcalm_store_writable") == 1 && site.is("healthy"); }));
  site.process.signal(SIGTERM);
  CHECK(tests::ends_within(site.process, 5s) == 0);
  CHECK(site.records() <= 2);
}

TEST_CASE("a job's heartbeat: unknown, well, late, told by itself; durable before it is answered") {
  tests::Site site;
  const std::string services = "services:\n";
  std::string yaml = site.yaml();
  yaml.insert(yaml.find(services) + services.size(),
              "  - name: nightly\n"
              "    check:\n"
              "      - { type: heartbeat, name: nightly-export, every: 2s, grace: 1s, interval: 500ms, "
              "timeout: 100ms }\n"
              "      - { type: tcp, target: \"127.0.0.1:" +
                  std::to_string(site.port) + "\", interval: 500ms, timeout: 200ms }\n");
  site.write_config(yaml);
  site.start();
  const std::string beats = "/api/v1/heartbeats/";
  const auto nightly = [&](std::size_t view) {
    return boost::json::parse(site.get("/api/v1/services").text).at("services").at(0).at("views").at(view);
  };
  CHECK(site.get(beats + "nobody").code == 404);
  CHECK(site.get(beats + "nightly-export/perhaps").code == 404);
  CHECK(tests::eventually([&] { return nightly(0).at("client") == "unknown"; }));
  CHECK(tests::eventually([&] { return nightly(1).at("client") == "ok"; }));

  CHECK(site.get(beats + "nightly-export").code == 200);
  CHECK(tests::eventually([&] { return nightly(0).at("client") == "ok"; }));
  site.process.kill();  // what was answered with 200 is known to the next start
  site.launch();
  CHECK(tests::eventually([&] { return site.get("/api/v1/services").code == 200; }));
  CHECK(tests::eventually([&] { return nightly(0).at("client") == "fail"; }));
  CHECK(boost::json::serialize(nightly(0)).find("last heard") != std::string::npos);

  CHECK(site.get(beats + "nightly-export/3").code == 200);
  CHECK(tests::eventually(
      [&] { return boost::json::serialize(nightly(0)).find("exit code 3") != std::string::npos; }));
  CHECK(tests::http("http://127.0.0.1:" + std::to_string(site.port) + beats + "nightly-export", "x=1").code ==
        200);
  CHECK(tests::eventually([&] { return nightly(0).at("client") == "ok"; }));
}
