#pragma once
// A statement of the user's: "insert into notes (id, note) values (${canary.id}, ${canary.token})". Each
// name becomes a parameter of its own ($1, $2 ...), so that a value is never text of the statement, and no
// two types are deduced for one parameter. Pure.
#include <optional>
#include <string>
#include <vector>

#include "config/template.h"
#include "probes/canary.h"
#include "probes/postgres/sql_scan.h"

namespace deadcalm::probes::postgres {

struct Statement {
  std::string sql;                 // as sent
  std::vector<std::string> names;  // of $1, $2 ...: "canary.id"

  bool empty() const { return sql.empty(); }
  bool uses(std::string_view name) const;
  bool names_record() const;  // by one of our own names, or the token itself
  std::vector<std::string> values(const Canary& canary) const;
  // For people: the text and what its parameters are for this canary.
  std::string shown(const Canary& canary) const;
};

Statement make_statement(const config::Template& text);
SqlScan scan_of(const config::Template& text);

// The same with an end of its own: an error and so a rollback where it touches more than one row; else one
// row with their number.
std::string guarded(const Statement& remove);
// How many rows the guard has seen; nullopt: that error is not its.
std::optional<std::string> rows_in_guard_error(const std::string& detail);

enum class StepKind { plant, read, remove, find };

struct StatementFault {
  std::string message, hint;
};
// What is wrong with it as such; nullopt: nothing.
std::optional<StatementFault> fault_in(StepKind kind, const Statement& statement, const SqlScan& scan);

}  // namespace deadcalm::probes::postgres
