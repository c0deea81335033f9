#include "probes/postgres/statement.h"

#include <algorithm>
#include <cctype>

namespace deadcalm::probes::postgres {
namespace {

std::string value_of(std::string_view name, const Canary& canary) {
  if (name == "canary.token") return canary.token;
  if (name == "canary.uuid") return canary.uuid();
  if (name == "canary.int") return std::to_string(canary.number());
  return canary.record_id;
}

std::string without_end(std::string text) {
  while (!text.empty() && (text.back() == ';' || std::isspace(static_cast<unsigned char>(text.back())) != 0))
    text.pop_back();
  return text;
}

using Maybe = std::optional<StatementFault>;

Maybe fault_in_text(const SqlScan& scan) {
  if (scan.words.empty()) return StatementFault{"holds no statement", ""};
  if (scan.unfinished) return StatementFault{"a quote, a comment or a parenthesis is not closed", ""};
  if (scan.several_commands)
    return StatementFault{"holds several commands",
                          "one statement a step; the rest belongs to the other steps"};
  if (scan.value_in_quotes)
    return StatementFault{"${canary...} is a value already and stands inside quotes or a comment",
                          "leave out the quotes around it"};
  if (scan.own_parameter)
    return StatementFault{"has a parameter of its own ($1)", "write ${canary.id} or ${canary.token} there"};
  return std::nullopt;
}

Maybe fault_in_plant(const Statement& statement, const SqlScan& scan) {
  if (scan.first() != "insert" && scan.first() != "select" && scan.first() != "with")
    return StatementFault{"does not plant: it begins with neither INSERT nor SELECT nor WITH", ""};
  if (!statement.uses("canary.token"))
    return StatementFault{"does not write ${canary.token}, so nothing could be read back",
                          "insert into notes (id, note) values (${canary.id}, ${canary.token})"};
  return std::nullopt;
}

Maybe fault_in_query(StepKind kind, const Statement& statement, const SqlScan& scan) {
  if (scan.first() != "select" && scan.first() != "with")
    return StatementFault{"does not read: it begins with neither SELECT nor WITH", ""};
  for (const char* word : {"insert", "update", "delete", "merge", "truncate"}) {
    if (scan.has(word))
      return StatementFault{"writes or locks (" + std::string(word) + ")", "reads only read"};
  }
  if (kind == StepKind::read && !statement.names_record())
    return StatementFault{"does not name one record", "select note from notes where id = ${canary.id}"};
  return std::nullopt;
}

Maybe fault_in_remove(const SqlScan& scan) {
  if (scan.first() != "delete" && scan.first() != "update")
    return StatementFault{"does not remove: it begins with neither DELETE nor UPDATE", ""};
  const std::size_t where = scan.top("where");
  if (where == scan.words.size())
    return StatementFault{"has no WHERE: it would touch every row",
                          "delete from notes where id = ${canary.id}"};
  if (!scan.value_after(where))
    return StatementFault{"does not name one record: there is no ${canary...} behind WHERE",
                          "delete from notes where id = ${canary.id}"};
  return std::nullopt;
}

}  // namespace

bool Statement::uses(std::string_view name) const {
  return std::ranges::find(names, name) != names.end();
}

bool Statement::names_record() const {
  return !names.empty();
}

std::vector<std::string> Statement::values(const Canary& canary) const {
  std::vector<std::string> values;
  values.reserve(names.size());
  for (const std::string& name : names) values.push_back(value_of(name, canary));
  return values;
}

std::string Statement::shown(const Canary& canary) const {
  std::string text = sql;
  const std::vector<std::string> given = values(canary);
  for (std::size_t i = 0; i < given.size(); ++i)
    text += (i == 0 ? "   -- $" : ", $") + std::to_string(i + 1) + " = " + given[i];
  return text;
}

Statement make_statement(const config::Template& text) {
  Statement statement;
  statement.sql = without_end(text.render([&](std::string_view name) {
    statement.names.emplace_back(name);
    return '$' + std::to_string(statement.names.size());
  }));
  return statement;
}

SqlScan scan_of(const config::Template& text) {
  return scan_sql(text.render([](std::string_view) { return std::string(1, kValueMark); }));
}

std::string guarded(const Statement& remove) {
  const SqlScan scan = scan_sql(remove.sql);
  const bool returns = scan.top("returning") != scan.words.size();
  const char* gap = remove.sql.find("--") == std::string::npos ? "" : "\n";  // the end of a comment
  return "with touched as (" + remove.sql + gap + (returns ? "" : " returning 1") +
         ") select case when count(*) > 1 then (count(*) || ' rows')::int else count(*)::int end from "
         "touched";
}

std::optional<std::string> rows_in_guard_error(const std::string& detail) {
  constexpr std::string_view end = " rows\"";
  if (detail.find("22P02") == std::string::npos || !detail.ends_with(end)) return std::nullopt;
  const std::size_t quote = detail.rfind('"', detail.size() - 2);
  if (quote == std::string::npos) return std::nullopt;
  return detail.substr(quote + 1, detail.size() - end.size() - quote - 1);
}

std::optional<StatementFault> fault_in(StepKind kind, const Statement& statement, const SqlScan& scan) {
  if (auto fault = fault_in_text(scan)) return fault;
  switch (kind) {
    case StepKind::plant: return fault_in_plant(statement, scan);
    case StepKind::remove: return fault_in_remove(scan);
    default: return fault_in_query(kind, statement, scan);
  }
}

}  // namespace deadcalm::probes::postgres
