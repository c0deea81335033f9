// What PostgREST, its database and Supabase's gateway answer, and what is printed before anything is sent.
#include <catch2/catch.hpp>

#include "probes/credentials/jwt.h"
#include "probes/supabase/errors.h"
#include "tests/support/backend_rig.h"

using namespace deadcalm;
using model::Write;

namespace {

runtime::HttpAnswer answer(int status, const std::string& body) {
  runtime::HttpAnswer answer;
  answer.status = status;
  answer.body = body;
  answer.headers = {{"content-type", "application/json; charset=utf-8"}};
  return answer;
}

}  // namespace

TEST_CASE("supabase: what an error means") {
  struct Row {
    int status;
    const char* code;
    Write expected;
    bool gone = false, misconfigured = false, maybe_done = false;
  };
  const Row rows[] = {
      {401, "PGRST301", Write::auth},
      {401, "PGRST302", Write::auth},
      {401, "PGRST303", Write::auth},
      {500, "PGRST300", Write::server},
      {503, "PGRST000", Write::server},
      {503, "PGRST001", Write::server},
      {503, "PGRST002", Write::server},
      {504, "PGRST003", Write::server},
      {400, "PGRST100", Write::contract},
      {406, "PGRST106", Write::server, false, true},
      {400, "PGRST204", Write::contract},
      {404, "PGRST205", Write::server, true, true},
      {500, "PGRSTX00", Write::server, false, false, true},
      {403, "42501", Write::auth},
      {401, "42501", Write::auth},
      {404, "42P01", Write::server, true},
      {405, "25006", Write::read_only},
      {409, "23505", Write::contract},
      {400, "23502", Write::contract},
      {400, "22P02", Write::contract},
      {400, "P0001", Write::contract},
      {500, "57014", Write::server},
      {503, "53300", Write::server},
      {503, "08006", Write::server, false, false, true},
      {429, "", Write::throttle},
      {429, "PT429", Write::throttle},
      {401, "", Write::auth},
      {404, "", Write::server, false, true},
      {418, "PT418", Write::contract},
      {502, "", Write::server, false, false, true},
      {540, "", Write::server, false, false, true},
  };
  for (const Row& row : rows) {
    INFO(row.status << ' ' << row.code);
    const std::string code = row.code;
    const auto failure = probes::supabase::classify(answer(
        row.status, code.empty() ? R"({"message":"m"})" : R"({"code":")" + code + R"(","message":"m"})"));
    CHECK(failure.failure == row.expected);
    CHECK(failure.container_gone == row.gone);
    CHECK(failure.looks_misconfigured == row.misconfigured);
    CHECK(failure.maybe_done == row.maybe_done);
    if (!code.empty() && !code.starts_with("PT")) CHECK(failure.detail.find(code) != std::string::npos);
  }
  CHECK(probes::supabase::classify(answer(540, "")).detail == "HTTP 540, the project is paused");
  CHECK(probes::supabase::classify(answer(503, "no json")).failure == Write::server);
  CHECK(probes::supabase::error_code(answer(400, "[1]")).empty());
}

TEST_CASE("supabase: the dry run names every request, and no secret") {
  tests::BackendRig rig;
  rig.environment.variables["ANON"] = "anon-0123456789";
  rig.environment.variables["PASSWORD"] = "s3cret-0";
  const std::string yaml =
      "url: https://abc.supabase.co/\nanon_key: \"${ANON}\"\nemail: it's@example.com\npassword: "
      "\"${PASSWORD}\"\n"
      "schema: app\n";
  const auto d = rig.backend("supabase", yaml)->describe({"s", 3, "dc1.x.y", "id-3"});
  REQUIRE(d.requests.size() == 4);
  CHECK_THAT(d.requests[0], Catch::Contains("POST https://abc.supabase.co/rest/v1/deadcalm_canaries?select="
                                            "canary_id,token") &&
                                Catch::Contains("Content-Profile: app") &&
                                Catch::Contains("Prefer: return=representation") &&
                                Catch::Contains(R"({"canary_id":"id-3","token":"dc1.x.y"})"));
  CHECK_THAT(d.requests[1], Catch::Contains("GET https://abc.supabase.co/rest/v1/deadcalm_canaries?"
                                            "canary_id=eq.id-3&select=canary_id,token") &&
                                Catch::Contains("Accept-Profile: app"));
  CHECK_THAT(d.requests[2],
             Catch::Contains("DELETE") && Catch::Contains("?canary_id=eq.id-3&token=eq.dc1.x.y&"));
  CHECK_THAT(d.requests[3], Catch::Contains("?token=like.dc1.s.*&select="));
  for (const std::string& request : d.requests) {
    CHECK(request.find("anon-0123456789") == std::string::npos);
    CHECK(request.find("s3cret-0") == std::string::npos);
  }
  REQUIRE(d.grants.size() == 7);
  CHECK_THAT(d.grants[4],
             Catch::Contains("for select to authenticated using (owner = (select auth.uid()) and "
                             "(select auth.jwt() ->> 'email') = 'it''s@example.com')"));
  CHECK(d.target == "supabase https://abc.supabase.co app.deadcalm_canaries as it's@example.com");
  const auto own =
      rig.backend("supabase", yaml + "columns: { id: id, token: note }\n")->describe({"s", 3, "dc1.x", "i"});
  CHECK(own.grants == std::vector<std::string>{"grant select, insert (\"id\", \"note\"), delete on "
                                               "\"app\".\"deadcalm_canaries\" to authenticated"});
}

TEST_CASE("the role in a JSON Web Token") {
  using probes::credentials::jwt_role;
  CHECK(jwt_role("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln") == "service_role");
  CHECK(jwt_role("eyJhbGciOiJIUzI1NiJ9.e30.c2ln").empty());
  CHECK(jwt_role("sb_publishable_x").empty());
}
