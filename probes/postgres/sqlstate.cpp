#include "probes/postgres/sqlstate.h"

#include "probes/postgres/refusal.h"

namespace deadcalm::probes::postgres {
namespace {

using model::Write;

struct Row {
  std::string_view prefix;
  Write failure;
  bool container_gone, maybe_done;
};

// First match wins, so a code stands above its class. The error answer of a statement that ran alone
// means it was rolled back, except where the session was cut (08, 57P0x).
constexpr Row kStates[] = {
    {"25006", Write::read_only, false, false},  // read_only_sql_transaction
    {"42501", Write::auth, false, false},       // insufficient_privilege
    {"42P01", Write::server, true, false},      // undefined_table
    {"3F000", Write::server, true, false},      // invalid_schema_name
    {"3D000", Write::server, true, false},      // the database itself does not exist
    {"28", Write::auth, false, false},          // invalid authorization
    {"08", Write::net, false, true},            // connection exception
    {"57P0", Write::server, false, true},       // shutdown, crash, cannot connect now
    {"57", Write::server, false, false},        //
    {"53", Write::server, false, false},        // disk full, out of memory, too many connections
    {"58", Write::server, false, true},         // system error
    {"XX", Write::server, false, true},         // internal error, data corrupted
    {"40", Write::server, false, false},        // rolled back: serialization, deadlock
    {"55", Write::server, false, false},        // lock not available, not in the right state
    {"22", Write::contract, false, false},      // data exception
    {"23", Write::contract, false, false},      // integrity constraint
    {"42", Write::contract, false, false},      // syntax or another name
};

}  // namespace

StepFailure classify_sqlstate(std::string_view state, std::string message, bool own_timeout) {
  if (own_timeout && state == "57014") return {Write::net, std::move(message), true, false, false};
  if (state == "08P01") {
    if (auto pooler = classify_pooler(message)) return *std::move(pooler);
  }
  for (const Row& row : kStates) {
    if (state.starts_with(row.prefix)) {
      return {row.failure, "SQLSTATE " + std::string(state) + ": " + message, row.maybe_done,
              row.container_gone, false};
    }
  }
  return {Write::server, "SQLSTATE " + std::string(state) + ": " + message, true, false, false};
}

}  // namespace deadcalm::probes::postgres
