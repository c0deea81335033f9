#pragma once
// A stand-in for a Supabase project on a real PostgreSQL: sign-in at /auth/v1/token with rotating refresh
// tokens, and of PostgREST what a probe uses (GET, POST, DELETE of rows, eq and like filters, select, limit,
// return=representation). Each request is a transaction as the role of its token, with request.jwt.claims
// set, so that grants and row-level security are the database's own. Statuses and codes:
// docs.postgrest.org/en/v14/ references/errors.html. In this process, on a real socket.
#include <map>
#include <memory>
#include <string>

#include "probes/postgres/pg_connection.h"
#include "runtime/clock.h"
#include "server/http_server.h"

namespace deadcalm::tests {

// Roles and functions that a project's database has: anon, authenticated, auth.uid(), auth.jwt().
extern const char* const kSupabaseSql;

class SupabaseStandIn {
 public:
  SupabaseStandIn(net::any_io_executor executor, std::string dsn);

  void start();
  net::awaitable<void> stop();
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void add_user(const std::string& email, const std::string& password, const std::string& uuid);
  void end_sessions() { tokens_.clear(), refresh_.clear(); }  // as a changed JWT secret does
  void expire_tokens() { tokens_.clear(); }                   // the refresh tokens still hold

  std::string dsn;
  std::string anon_key = "the-anon-key";
  int token_life = 3600;    // seconds
  int answer_all_with = 0;  // a status of the gateway's: 429, 540
  std::string rest_body;    // what every row request gets, with 200: garbage
  bool hangs = false;       // row requests are accepted and never answered
  int sign_ins = 0, refreshes = 0, rest_calls = 0;

 private:
  struct User {
    std::string password, uuid;
  };
  net::awaitable<server::Response> handle(server::Request request);
  server::Response sign_in(const server::Request& request);
  server::Response grant(const std::string& email);
  net::awaitable<server::Response> rest(server::Request request);

  net::any_io_executor executor_;
  runtime::SystemClock clock_;
  std::unique_ptr<server::HttpServer> server_;
  std::uint16_t port_ = 0;
  std::map<std::string, User> users_;
  std::map<std::string, std::string> tokens_;   // access token -> claims
  std::map<std::string, std::string> refresh_;  // refresh token -> email
};

}  // namespace deadcalm::tests
