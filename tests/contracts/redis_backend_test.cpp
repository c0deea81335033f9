// The redis backend against a real Redis: keys and streams, users with few rights, a replica, TLS, and the
// faults such a server shows.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/backend_rig.h"
#include "tests/support/redis_server.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Write;

namespace {

// One server for the file; each test has a prefix of its own.
tests::RedisServer& server() {
  static tests::RedisServer instance({"--repl-diskless-sync-delay", "0"});
  return instance;
}

struct Rig : tests::BackendRig {
  std::string prefix = "t" + model::random_hex(4) + ':';

  Rig() { ledger.stream.name = "t1-orders"; }
  std::string yaml(const std::string& more = "", const tests::RedisServer& at = server()) const {
    return "url: " + at.url() + "\nprefix: \"" + prefix + "\"\n" + more;
  }
  std::string keys() const { return server().cli({"keys", prefix + "*"}); }
};

}  // namespace

TEST_CASE("redis: a verified cycle, one key left, and it expires") {
  Rig rig;
  rig.boot("redis", rig.yaml("expire: 1h\n"));
  rig.verify_cycles();
  CHECK(rig.keys() == rig.prefix + "dc-t1-orders-3");
  CHECK(std::stoi(server().cli({"ttl", rig.prefix + "dc-t1-orders-3"})) > 3500);
  CHECK(server().cli({"client", "list"}).find("deadcalm/") == std::string::npos);  // no session stays open
}

TEST_CASE("redis: another database, and no expiry") {
  Rig rig;
  rig.boot("redis", "url: " + server().url() + "/3\nprefix: \"" + rig.prefix + "\"\nexpire: 0s\n");
  rig.verify_cycles();
  CHECK(server().cli({"-n", "3", "ttl", rig.prefix + "dc-t1-orders-3"}) == "-1");
}

TEST_CASE("redis: entries of a stream, whose ids the server assigns") {
  Rig rig;
  const std::string stream = rig.prefix + "events";
  server().cli({"xadd", stream, "*", "event", "a customer's"});
  const std::string yaml = "url: " + server().url() + "\nstream: \"" + stream + "\"\n";
  rig.boot("redis", yaml);
  rig.verify_cycles();
  CHECK(server().cli({"xlen", stream}) == "2");

  // What a crash between request and answer leaves: an entry without its id on the ledger.
  const auto lost = rig.canary(90);
  server().cli({"xadd", stream, "*", "token", lost.token});
  rig.ledger.records[90] = {rig.ledger.stream.name, 90, model::RecordState::reserved, lost.token, "",
                            rig.clock.now().wall,   {}};
  rig.boot("redis", yaml);
  CHECK(tests::run_task(rig.io, rig.probe->clean_up()) == 0);
  CHECK(server().cli({"xlen", stream}) == "2");
}

TEST_CASE("redis: a user with just the documented rights") {
  Rig rig;
  const std::string name = "u" + model::random_hex(4);
  std::vector<std::string> grant{"acl", "setuser", name, "on", ">s3cret-0", "~" + rig.prefix + "*"};
  for (const char* right : {"+set", "+get", "+del", "+scan", "+role", "+client|setname"})
    grant.emplace_back(right);
  server().cli(grant);
  rig.environment.variables["PASSWORD"] = "s3cret-0";
  const std::string login = "username: " + name + "\npassword: \"${PASSWORD}\"\n";
  rig.boot("redis", rig.yaml(login));
  rig.verify_cycles();
  const auto backend = rig.backend("redis", rig.yaml(login));
  const auto found = tests::run_task(rig.io, backend->find(rig.ledger.stream.name, rig.soon()));
  CHECK(found.records.size() == 1);
  backend->finish();

  server().cli({"acl", "setuser", name, "-set"});
  CHECK(rig.cycle().write == Write::auth);
  CHECK(rig.last.detail.find("NOPERM") != std::string::npos);
  CHECK(std::get<model::WriteLook>(rig.last.look).read_back == model::ReadBack::ok);
  server().cli({"acl", "setuser", name, "resetpass", ">rotated"});
  CHECK(rig.cycle().write == Write::auth);
  CHECK(rig.last.detail.find("WRONGPASS") != std::string::npos);
}

TEST_CASE("redis: without the right to ask for the role, the session that wrote is the primary's") {
  Rig rig;
  const std::string name = "u" + model::random_hex(4);
  server().cli({"acl", "setuser", name, "on", ">s3cret-0", "~" + rig.prefix + "*", "+set", "+get", "+del"});
  rig.environment.variables["PASSWORD"] = "s3cret-0";
  rig.boot("redis", rig.yaml("username: " + name + "\npassword: \"${PASSWORD}\"\n"));
  rig.verify_cycles();
  server().cli({"del", rig.prefix + "dc-t1-orders-3"});
  CHECK(rig.cycle().sentinel == model::Sentinel::missing);
}

TEST_CASE("redis: a password that was rotated in its file is read again in the same cycle") {
  Rig rig;
  const std::string name = "u" + model::random_hex(4);
  server().cli({"acl", "setuser", name, "on", ">new-secret", "~*", "+@all"});
  std::string secret = "old-secret";
  rig.environment.read_file = [&](const std::string&) -> model::Result<std::string> { return secret; };
  rig.boot("redis", rig.yaml("username: " + name + "\npassword_file: /run/secrets/redis\n"));
  CHECK(rig.cycle().write == Write::auth);
  secret = "new-secret";
  CHECK(rig.cycle().write == Write::ok);
}

TEST_CASE("redis: no password where one is wanted, one where none is") {
  tests::RedisServer closed({"--requirepass", "s3cret-0"});
  Rig rig;
  rig.boot("redis", rig.yaml("", closed));
  CHECK(rig.cycle().write == Write::auth);
  CHECK(rig.last.detail.find("NOAUTH") != std::string::npos);
  rig.environment.variables["PASSWORD"] = "s3cret-0";
  rig.boot("redis", rig.yaml("password: \"${PASSWORD}\"\n"));
  CHECK(rig.cycle().write == Write::auth);
}

TEST_CASE("redis: emptied is a kept record gone; expired while we were away is not") {
  Rig emptied;
  emptied.boot("redis", emptied.yaml());
  emptied.cycle();
  server().cli({"del", emptied.prefix + "dc-t1-orders-1"});
  CHECK(emptied.cycle().sentinel == model::Sentinel::missing);

  Rig expired;
  const std::string yaml = expired.yaml("expire: 5m\n");
  expired.boot("redis", yaml);
  expired.cycle();
  // As if planted six minutes ago: the key is gone, as it was told to be.
  model::Record& kept = expired.ledger.records.begin()->second;
  const model::Token old{expired.ledger.stream.name, 1, expired.clock.now().wall - 6min, "0badcafe"};
  kept.token = encode(old, expired.key);
  server().cli({"del", expired.prefix + "dc-t1-orders-1"});
  expired.boot("redis", yaml);
  const auto look = expired.cycle();
  CHECK(look.write == Write::ok);
  CHECK(look.sentinel == model::Sentinel::unknown);
  CHECK(expired.ledger.records.size() == 1);
}

TEST_CASE("redis: a replica refuses writes, reads, and cannot tell of loss") {
  tests::RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(server().port())});
  Rig rig;
  rig.boot("redis", rig.yaml());
  rig.cycle();
  for (int i = 0; i < 200; ++i) {  // until it has caught up
    if (!replica.cli({"get", rig.prefix + "dc-t1-orders-1"}).empty()) break;
    rig.run_for(20ms);
  }
  rig.boot("redis", rig.yaml("", replica));
  const auto look = rig.cycle();
  INFO(rig.last.detail);
  CHECK(look.write == Write::read_only);
  CHECK(look.read_back == model::ReadBack::ok);
  const auto backend = rig.backend("redis", rig.yaml("", replica));
  const auto absent = tests::run_task(rig.io, backend->read(rig.canary(77), rig.soon()));
  CHECK(absent.found == probes::Found::no);
  CHECK_FALSE(absent.primary);
  backend->finish();
}

TEST_CASE("redis: memory that is full is server, and reading works") {
  tests::RedisServer full;
  Rig rig;
  rig.boot("redis", rig.yaml("", full));
  rig.cycle();
  full.cli({"config", "set", "maxmemory", "1"});
  const auto look = rig.cycle();
  CHECK(look.write == Write::server);
  CHECK(look.read_back == model::ReadBack::ok);
  CHECK(rig.last.detail.starts_with("OOM"));
}

TEST_CASE("redis: a cluster's node that serves other slots says which one to ask") {
  const auto bus = std::to_string(tests::free_port());
  const auto other_bus = std::to_string(tests::free_port());
  tests::RedisServer asked({"--cluster-enabled", "yes", "--cluster-port", bus});
  tests::RedisServer serving({"--cluster-enabled", "yes", "--cluster-port", other_bus});
  Rig rig;
  rig.boot("redis", rig.yaml("", asked));
  CHECK(rig.cycle().write == Write::server);  // no slot is served
  CHECK(rig.last.detail.find("CLUSTERDOWN") != std::string::npos);

  serving.cli({"cluster", "addslotsrange", "0", "16383"});
  asked.cli({"cluster", "meet", "127.0.0.1", std::to_string(serving.port()), other_bus});
  for (int i = 0; i < 500 && rig.cycle().write == Write::server; ++i) rig.run_for(20ms);
  INFO(rig.last.detail);
  CHECK(std::get<model::WriteLook>(rig.last.look).write == Write::contract);
  CHECK(rig.last.detail.find("MOVED") != std::string::npos);
  CHECK(rig.last.detail.find("node 127.0.0.1:" + std::to_string(serving.port()) + " serves this slot") !=
        std::string::npos);
  rig.boot("redis", rig.yaml("", serving));
  for (int i = 0; i < 500 && rig.cycle().write == Write::server; ++i) rig.run_for(20ms);
  CHECK(std::get<model::WriteLook>(rig.last.look).write == Write::ok);
}

TEST_CASE("redis: what is not ours is neither overwritten nor removed") {
  Rig rig;
  const auto backend = rig.backend("redis", rig.yaml());
  const auto ours = rig.canary(1);
  server().cli({"set", rig.prefix + ours.record_id, "a customer's"});
  CHECK(tests::run_task(rig.io, backend->plant(ours, rig.soon())).failure);
  CHECK(tests::run_task(rig.io, backend->remove(ours, rig.soon())).failure);
  CHECK(server().cli({"get", rig.prefix + ours.record_id}) == "a customer's");
  const auto again = rig.canary(2);
  CHECK_FALSE(tests::run_task(rig.io, backend->plant(again, rig.soon())).failure);
  CHECK_FALSE(tests::run_task(rig.io, backend->plant(again, rig.soon())).failure);  // the very same
  backend->finish();
}

TEST_CASE("redis: TLS, with and without knowing who signed") {
  tests::RedisServer secure({}, true);
  Rig rig;
  rig.boot("redis", rig.yaml("tls: { ca_file: \"" + secure.ca_file() + "\" }\n", secure));
  rig.verify_cycles();
  rig.boot("redis", rig.yaml("", secure));
  CHECK(rig.cycle().write == Write::net);
  CHECK(rig.last.detail.find("TLS: ") != std::string::npos);
  // Plain text to a TLS port, and the other way round.
  std::string plain = rig.yaml("", secure);
  plain.replace(plain.find("rediss"), 6, "redis");
  rig.boot("redis", plain);
  CHECK(rig.cycle().write == Write::net);
  std::string tls = rig.yaml();
  tls.replace(tls.find("redis:"), 6, "rediss:");
  rig.boot("redis", tls);
  CHECK(rig.cycle().write == Write::net);
}

TEST_CASE("redis: nobody there, a name that does not resolve, a server that hangs, one that is killed") {
  Rig rig;
  rig.boot("redis", "url: redis://127.0.0.1:1\n");
  CHECK(rig.cycle().write == Write::net);
  rig.boot("redis", "url: redis://does-not-exist.invalid\n");
  CHECK(rig.cycle().write == Write::net);

  tests::RedisServer dying;
  Rig hung;
  hung.timeout = 600ms;
  hung.boot("redis", hung.yaml("", dying));
  hung.cycle();
  dying.signal(SIGSTOP);
  const auto before = hung.clock.now().steady;
  CHECK(hung.cycle().write == Write::net);
  CHECK(hung.clock.now().steady - before < 3s);
  dying.signal(SIGCONT);
  dying.kill();
  CHECK(hung.cycle().write == Write::net);
}
