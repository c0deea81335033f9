#include "probes/postgres/refusal.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "probes/postgres/sqlstate.h"

namespace deadcalm::probes::postgres {
namespace {

using model::Write;

struct Row {
  std::string_view words;
  Write failure;
  bool maybe_done = false;
  std::string_view hint{};
  bool container_gone = false;
};

constexpr std::string_view kNoBlocks = "transaction blocks not allowed in statement pooling mode";

// First match wins; a pooler may put the server's own words behind its own.
constexpr Row kPooler[] = {
    {"unsupported startup parameter", Write::contract, false,
     "the pooler refuses it: take it out of the connection string, or add it to its "
     "ignore_startup_parameters"},
    {kNoBlocks, Write::contract},
    {"prepared statement", Write::contract},
    {"password authentication failed", Write::auth},
    {"authentication failed", Write::auth},
    {"auth failed", Write::auth},
    {"no such user", Write::auth},
    {"no pg_hba.conf entry", Write::auth},
    {"no such database", Write::server, false, "the pooler does not know it"},
    {"role \"", Write::auth},
    {"user \"", Write::auth},
    {"\" does not exist", Write::server, false, "", true},  // of the database, by the server's own word
    {"server login failed", Write::server},
    {"cannot connect to server", Write::server},
    {"server_login_retry", Write::server},
    {"connect failed", Write::server},
    {"query_wait_timeout", Write::server, false, "no session of the pool became free"},
    {"query_timeout", Write::server, true},
    {"no more connections allowed", Write::server},
    {"database does not allow connections", Write::server},
    {"is disabled", Write::server},
    {"shutting down", Write::server},
    {"server conn crashed", Write::server, true},
    {"server disconnected", Write::server, true},
};

// What libpq itself says, without a word from the server.
constexpr Row kOwn[] = {
    {"no password supplied", Write::auth},
    {"certificate verify failed", Write::net, false,
     "an authority that ca_file does not hold has signed it, or it has expired"},
    {"root certificate file", Write::contract, false, "give `tls: { ca_file: ... }`"},
    {"certificate file \"", Write::contract},
    {"private key file \"", Write::contract},
};

std::optional<StepFailure> find_in(std::span<const Row> rows, const std::string& message) {
  const auto row =
      std::ranges::find_if(rows, [&](const Row& r) { return message.find(r.words) != std::string::npos; });
  if (row == rows.end()) return std::nullopt;
  const std::string hint = row->hint.empty() ? "" : " (" + std::string(row->hint) + ')';
  return StepFailure{row->failure, message + hint, row->maybe_done, row->container_gone, false};
}

bool is_state(std::string_view text) {
  return text.size() == 5 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// "FATAL:  28P01: ...": the severity may be in the server's language, the code is not.
std::string_view state_in(std::string_view message) {
  for (std::size_t at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
    const std::string_view state = message.substr(at + 3, 5);
    if (is_state(state) && message.substr(at + 8).starts_with(": ")) return state;
  }
  return {};
}

}  // namespace

std::optional<StepFailure> classify_pooler(const std::string& message) {
  return find_in(kPooler, message);
}

bool refuses_transactions(const StepFailure& failure) {
  return failure.detail.find(kNoBlocks) != std::string::npos;
}

StepFailure classify_refusal(const std::string& message, const std::string& tls_reason) {
  const std::string_view state = state_in(message);
  if (!state.empty()) {
    if (state == "08P01") {
      if (auto pooler = classify_pooler(message)) {
        pooler->maybe_done = false;
        return *std::move(pooler);
      }
    }
    StepFailure failure = classify_sqlstate(state, "");
    failure.detail = message;
    failure.maybe_done = false;  // there was no session yet
    return failure;
  }
  if (!tls_reason.empty()) return {Write::net, message + " (" + tls_reason + ')', false, false, false};
  if (auto own = find_in(kOwn, message)) return *std::move(own);
  return {Write::net, message, false, false, false};
}

}  // namespace deadcalm::probes::postgres
