// TLS to a real PostgreSQL with an authority of the test's own: who is believed, and what the refusal says.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/backend_rig.h"
#include "tests/support/certificates.h"
#include "tests/support/postgres_server.h"

using namespace deadcalm;
using model::Write;

namespace {

const tests::Authority& authority() {
  static const tests::Authority instance;
  return instance;
}
const tests::Authority& stranger() {
  static const tests::Authority instance;
  return instance;
}

// Certificates for 127.0.0.1: "good", for another host: "other", one that has ended: "expired".
struct Certificates {
  tests::TempDir dir;
  Certificates() {
    authority().issue(dir.path(), "good", "DNS:localhost,IP:127.0.0.1");
    authority().issue(dir.path(), "other", "DNS:db.example.com");
    authority().issue(dir.path(), "expired", "DNS:localhost,IP:127.0.0.1", -1);
    authority().issue(dir.path(), "client", "DNS:deadcalm");
  }
};
const Certificates& certificates() {
  static const Certificates instance;
  return instance;
}

struct Secure {
  tests::PostgresServer server;

  explicit Secure(const std::string& name) {
    for (const char* ending : {".pem", ".key"}) {
      const std::string file = server.dir().file(name + ending);
      std::filesystem::copy_file(certificates().dir.file(name + ending), file);
      std::filesystem::permissions(file, std::filesystem::perms::owner_read);
      server.own(file);
    }
    server.replace_hba("local all all trust\nhostssl all all 127.0.0.1/32 trust\n");
    server.start({"ssl=on", "ssl_cert_file=" + server.dir().file(name + ".pem"),
                  "ssl_key_file=" + server.dir().file(name + ".key")});
  }
};

Secure& good() {
  static Secure instance("good");
  return instance;
}

struct Rig : tests::BackendRig {
  std::string schema;
  model::WriteLook look(const tests::PostgresServer& server, const std::string& tls,
                        const std::string& more_dsn = "") {
    ledger = {};  // each look is at a server that has no table yet
    ledger.stream.name = "t1-orders";
    schema = "t" + model::random_hex(4);
    boot("postgres", "dsn: \"" + server.dsn() + more_dsn + "\"\nschema: " + schema + "\n" + tls);
    return cycle();
  }
};

// On loopback the handshake may be over within one call of libpq; nobody can then be asked for the reason.
std::string why_not(Rig& rig, const tests::PostgresServer& server, const std::string& tls) {
  for (int i = 0; i < 50; ++i) {
    CHECK(rig.look(server, tls).write == Write::net);
    if (rig.last.detail.find("an authority that ca_file does not hold") == std::string::npos) break;
  }
  return rig.last.detail;
}

std::string verify_full(const tests::Authority& who = authority()) {
  return "tls: { mode: verify-full, ca_file: \"" + who.ca_file() + "\" }\n";
}

}  // namespace

TEST_CASE("postgres TLS: verify-full with the right authority and name") {
  Rig rig;
  CHECK(rig.look(good().server, verify_full()).write == Write::ok);
  rig.verify_cycles();
  CHECK(good().server.sql("select count(*) from pg_stat_ssl where ssl and pid <> pg_backend_pid()") == "0");
}

TEST_CASE("postgres TLS: what the connection string says works as well") {
  Rig rig;
  const auto look = rig.look(good().server, "", " sslmode=verify-full sslrootcert=" + authority().ca_file());
  INFO(rig.last.detail);
  CHECK(look.write == Write::ok);
}

TEST_CASE(
    "postgres TLS: another authority, another name, an end that is past: net, and the text says which") {
  Rig rig;
  CHECK_THAT(why_not(rig, good().server, verify_full(stranger())),
             Catch::Contains("unable to get local issuer certificate"));

  Secure other("other");
  CHECK(rig.look(other.server, verify_full()).write == Write::net);
  CHECK(rig.last.detail.find("does not match host name \"127.0.0.1\"") != std::string::npos);
  const std::string any_name = "tls: { mode: verify-ca, ca_file: \"" + authority().ca_file() + "\" }\n";
  CHECK(rig.look(other.server, any_name).write == Write::ok);

  Secure expired("expired");
  CHECK_THAT(why_not(rig, expired.server, verify_full()), Catch::Contains("certificate has expired"));
  CHECK(rig.look(expired.server, "tls: { mode: require }\n").write == Write::ok);
}

TEST_CASE("postgres TLS: a server without it, and one that asks for it") {
  Rig rig;
  tests::PostgresServer plain;
  plain.start();
  CHECK(rig.look(plain, verify_full()).write == Write::net);
  CHECK(rig.last.detail.find("server does not support SSL, but SSL was required") != std::string::npos);
  CHECK(rig.look(plain, "tls: { mode: disable }\n").write == Write::ok);
  CHECK(rig.look(good().server, "tls: { mode: disable }\n").write == Write::auth);
  INFO(rig.last.detail);
  CHECK(rig.last.detail.find("no encryption") != std::string::npos);
}

TEST_CASE("postgres TLS: a certificate of our own, and a file that is not there") {
  Rig rig;
  tests::TempDir keys;
  for (const char* ending : {".pem", ".key"}) {
    std::filesystem::copy_file(certificates().dir.file(std::string("client") + ending),
                               keys.file(std::string("client") + ending));
  }
  std::filesystem::permissions(keys.file("client.key"), std::filesystem::perms::owner_read);
  const std::string ours = "tls: { mode: verify-full, ca_file: \"" + authority().ca_file() +
                           "\", cert_file: \"" + keys.file("client.pem") + "\", key_file: \"" +
                           keys.file("client.key") + "\" }\n";
  CHECK(rig.look(good().server, ours).write == Write::ok);
  CHECK(rig.look(good().server, "tls: { mode: verify-full, ca_file: /nowhere/ca.pem }\n").write ==
        Write::contract);
  CHECK(rig.last.detail.find("root certificate file \"/nowhere/ca.pem\" does not exist") !=
        std::string::npos);
}
