// Every backend against peers that misbehave: the class is right, the message names step and cause, the look
// ends in time, nothing is left behind, and other probes do not notice.
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "model/names.h"
#include "server/http_server.h"
#include "tests/support/backend_rig.h"
#include "tests/support/bad_peer.h"
#include "tests/support/canary_api.h"
#include "tests/support/certificates.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;
using tests::BackendRig;
using tests::BadPeer;
using tests::Manner;

namespace {

struct Type {
  const char* name;
  const char* yaml;  // {place}: host and port
  bool http;         // speaks HTTP
};

const Type kTypes[] = {
    {"http", "resource: http://{place}/canaries\njson: { note: \"${canary.token}\" }\nmax_body_bytes: 65536",
     true},
    {"graphql",
     "url: http://{place}/graphql\nmax_body_bytes: 65536\n"
     "plant: { query: \"mutation($id: ID!, $t: String!) { create(id: $id, t: $t) { id } }\", variables: { "
     "id: "
     "\"${canary.id}\", t: \"${canary.token}\" } }\n"
     "read: { query: \"query($id: ID!) { get(id: $id) { t } }\", variables: { id: \"${canary.id}\" } }\n"
     "remove: { query: \"mutation($id: ID!) { drop(id: $id) { id } }\", variables: { id: \"${canary.id}\" } "
     "}",
     true},
    {"appsync",
     "url: http://{place}/graphql\nauth: { api_key: da2-xxxxxxxxxx }\nmodel: Canary\nmax_body_bytes: 65536",
     true},
    {"dynamodb",
     "table: canaries\nregion: eu-central-1\nendpoint: http://{place}\nmax_body_bytes: 65536\n"
     "credentials: { access_key_id: AKIDEXAMPLE, secret_access_key: not-a-secret }",
     true},
    {"s3",
     "bucket: canaries\nregion: eu-central-1\nendpoint: http://{place}\nmax_body_bytes: 65536\n"
     "credentials: { access_key_id: AKIDEXAMPLE, secret_access_key: not-a-secret }",
     true},
    {"redis", "url: redis://{place}/0", false},
    {"postgres", "dsn: \"postgresql://deadcalm@{place}/shop?sslmode=disable\"", false},
};

const Manner kManners[] = {Manner::absent, Manner::black_hole, Manner::silent,   Manner::closes,
                           Manner::cuts,   Manner::drips,      Manner::garbage,  Manner::floods,
                           Manner::html,   Manner::redirects,  Manner::half_json};

std::string at(std::string yaml, const std::string& place) {
  const std::string mark = "{place}";
  for (std::size_t i = yaml.find(mark); i != std::string::npos; i = yaml.find(mark))
    yaml.replace(i, mark.size(), place);
  return yaml;
}

// What a look at such a peer has to be called. A peer that never was there is net; one that answers with
// something else than was agreed on is a broken contract, as it has never worked.
bool is_right(const Type& type, Manner manner, Write write) {
  if (!type.http) return write == Write::net || (write == Write::contract && manner != Manner::absent);
  switch (manner) {
    case Manner::garbage:
    case Manner::floods:
    case Manner::html:
    case Manner::redirects:
    case Manner::half_json: return write == Write::contract;
    default: return write == Write::net;
  }
}

}  // namespace

TEST_CASE("every backend and every bad manner: in time, in its class, with step and cause") {
  for (const Type& type : kTypes) {
    for (const Manner manner : kManners) {
      BackendRig rig;
      rig.timeout = 400ms;
      BadPeer peer(rig.io, manner);
      rig.boot(type.name, at(type.yaml, peer.place()));
      const auto began = rig.clock.now().steady;
      const auto look = rig.cycle();
      const auto took = rig.clock.now().steady - began;
      INFO(type.name << ", " << model::name(manner) << ": " << model::name(look.write) << ", "
                     << model::name(look.read_back) << ", at " << rig.last.step << ": " << rig.last.detail);
      CHECK(is_right(type, manner, look.write));
      CHECK(look.read_back != model::ReadBack::ok);
      CHECK(look.read_back != model::ReadBack::lost);
      CHECK(look.sentinel != model::Sentinel::missing);
      CHECK_FALSE(look.armed);
      CHECK_FALSE(rig.last.step.empty());
      CHECK(rig.last.detail.size() >= 8);
      CHECK(rig.last.detail.size() < 1024);
      CHECK(took < 1500ms);
      // What may have arrived is on the ledger; what cannot have is not.
      const bool never_sent = manner == Manner::absent || manner == Manner::black_hole;
      if (never_sent) CHECK(rig.ledger.records.empty());
      CHECK(rig.ledger.records.size() <= 1);
    }
  }
}

TEST_CASE("a name that does not resolve") {
  for (const Type& type : kTypes) {
    BackendRig rig;
    rig.timeout = 3s;
    rig.boot(type.name, at(type.yaml, "does-not-exist.invalid:1234"));
    const auto look = rig.cycle();
    INFO(type.name << ": " << rig.last.detail);
    CHECK(look.write == Write::net);
    CHECK(rig.last.detail.find("resolve") != std::string::npos);
    CHECK(rig.last.detail.find("does-not-exist.invalid") != std::string::npos);
    CHECK(rig.ledger.records.empty());
  }
}

TEST_CASE("peers that hang, drip and flood delay nobody else") {
  using namespace net::experimental::awaitable_operators;
  BackendRig good;
  tests::CanaryApi api;
  server::HttpServer server(good.io.get_executor(),
                            [&](server::Request r) { return api.handle(std::move(r)); });
  const std::string place = "127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());
  good.boot("http", at(kTypes[0].yaml, place));
  good.cycle();

  struct Bad {
    tests::MemoryLedger ledger;
    std::unique_ptr<probes::WriteProbe> probe;
    int looks = 0;
  };
  std::vector<std::unique_ptr<BadPeer>> peers;
  std::vector<std::unique_ptr<Bad>> bads;
  runtime::TaskGroup group(good.io.get_executor(), nullptr);
  for (const Manner manner : {Manner::black_hole, Manner::silent, Manner::drips, Manner::floods}) {
    peers.push_back(std::make_unique<BadPeer>(good.io, manner));
    for (const Type& type : kTypes) {
      Bad& bad = *bads.emplace_back(std::make_unique<Bad>());
      const probes::WritePath path = good.decode(type.name, at(type.yaml, peers.back()->place()));
      probes::WriteProbeDeps deps{good.clock, bad.ledger, good.key, path.backend(good.deps()), nullptr};
      bad.probe = std::make_unique<probes::WriteProbe>(
          probes::WriteProbeOptions{"orders", type.name, 1s, 100ms, 500ms}, std::move(deps),
          bad.ledger.stream, bad.ledger.all());
      const auto look_on = [](Bad& self) -> net::awaitable<void> {
        auto count = [&self](const model::Observation&) { ++self.looks; };
        while (true) co_await self.probe->run(count);
      };
      group.spawn(type.name, look_on(bad));
    }
  }
  model::Millis slowest{0};
  for (int i = 0; i < 30; ++i) {
    const auto look = good.cycle();
    INFO(good.last.detail);
    CHECK(look.write == Write::ok);
    CHECK(look.read_back == model::ReadBack::ok);
    slowest = std::max(slowest, good.last.ended.steady - good.last.started.steady);
    good.run_for(100ms);
  }
  CHECK(slowest < 1s);
  for (const auto& bad : bads) {
    CHECK(bad->looks >= 1);
    CHECK(bad->ledger.records.size() <= 3);
  }
  group.stop();
  tests::run_task(good.io, group.join());
  peers.clear();
  tests::run_task(good.io, server.stop());
}

TEST_CASE("an expired certificate") {
  const tests::Authority authority;
  const tests::TempDir dir;
  authority.issue(dir.path(), "server", "IP:127.0.0.1", -1);
  const std::uint16_t port = tests::free_port();
  const tests::Process server(
      {"openssl", "s_server", "-www", "-quiet", "-accept", "127.0.0.1:" + std::to_string(port), "-cert",
       dir.file("server.pem"), "-key", dir.file("server.key")},
      dir.file("log"));
  REQUIRE(tests::wait_for_port(port));
  for (const Type& type : kTypes) {
    std::string yaml = at(type.yaml, "127.0.0.1:" + std::to_string(port));
    const std::size_t scheme = yaml.find(type.http ? "http://" : "redis://");
    if (scheme == std::string::npos) continue;  // postgres has tests of its own for its certificates
    yaml.insert(yaml.find("://", scheme), "s");
    BackendRig rig;
    rig.boot(type.name, yaml + "\ntls: { ca_file: " + authority.ca_file() + " }");
    const auto look = rig.cycle();
    INFO(type.name << ", at " << rig.last.step << ": " << rig.last.detail);
    CHECK(look.write == Write::net);
    CHECK_FALSE(rig.last.step.empty());
    CHECK(rig.last.detail.find("certificate") != std::string::npos);
    CHECK(rig.last.detail.find("expired") != std::string::npos);
    CHECK(rig.ledger.records.empty());
  }
}
