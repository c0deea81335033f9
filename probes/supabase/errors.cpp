#include "probes/supabase/errors.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "probes/http/classify.h"
#include "probes/postgres/sqlstate.h"

namespace deadcalm::probes::supabase {
namespace {

namespace json = boost::json;
using model::Write;

struct Row {
  std::string_view prefix;
  Write failure;
  bool maybe_done = false, container_gone = false, looks_misconfigured = false;
};

// First match wins, so a code stands above its group.
constexpr Row kOwnCodes[] = {
    {"PGRST00", Write::server},                       // no connection to the database, none free in the pool
    {"PGRST106", Write::server, false, false, true},  // the schema is not exposed
    {"PGRST125", Write::server, false, false, true},  // no such path
    {"PGRST1", Write::contract},                      //
    {"PGRST205", Write::server, false, true, true},   // the table is not in the schema cache
    {"PGRST2", Write::contract},                      // another name of the schema cache
    {"PGRST300", Write::server},                      // it has no secret to check tokens with
    {"PGRST3", Write::auth},                          // token not accepted, expired, or none given
    {"PGRSTX", Write::server, true},                  // internal
    {"PGRST", Write::contract},                       //
};

json::object document_of(const runtime::HttpAnswer& answer) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(answer.body, ec);
  return !ec && parsed.is_object() ? parsed.get_object() : json::object{};
}

std::string text_at(const json::object& document, std::string_view name) {
  const json::value* value = document.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// In a session of our own a cut connection is the net's; here the API stands in between and answers.
StepFailure classify_state(const std::string& state, const std::string& message) {
  StepFailure failure = postgres::classify_sqlstate(state, message);
  if (failure.failure == Write::net) failure.failure = Write::server;
  if (state.starts_with("P0")) failure = {Write::contract, failure.detail, false, false, false};
  return failure;
}

bool is_state(const std::string& code) {
  return code.size() == 5 &&
         std::ranges::all_of(code, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

std::string error_code(const runtime::HttpAnswer& answer) {
  return text_at(document_of(answer), "code");
}

StepFailure classify(const runtime::HttpAnswer& answer) {
  const json::object document = document_of(answer);
  const std::string code = text_at(document, "code");
  const std::string message = text_at(document, "message");
  if (answer.status == 429) return http::classify_status(answer, true);
  if (is_state(code) && !code.starts_with("PT"))
    return classify_state(code, message);  // PT418: a status of its own
  const auto row = std::ranges::find_if(kOwnCodes, [&](const Row& r) { return code.starts_with(r.prefix); });
  if (row != std::end(kOwnCodes)) {
    return {row->failure, "HTTP " + std::to_string(answer.status) + ", " + code + ": " + message,
            row->maybe_done, row->container_gone, row->looks_misconfigured};
  }
  StepFailure failure = http::classify_status(answer, true);
  if (answer.status == 540) failure.detail = "HTTP 540, the project is paused";
  return failure;
}

}  // namespace deadcalm::probes::supabase
