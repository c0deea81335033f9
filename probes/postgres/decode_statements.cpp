#include <algorithm>
#include <array>

#include "probes/postgres/decode.h"

namespace deadcalm::probes::postgres {
namespace {

struct Decoded {
  Statement statement;
  SqlScan scan;
  bool good = false;  // given, and nothing wrong with it as such
};

Decoded decode_step(config::Reader& reader, std::string_view key, StepKind kind) {
  Decoded step;
  const bool lists = kind == StepKind::find;
  const config::Template text = lists ? reader.template_text(key, config::no_names())
                                      : reader.template_text(key, config::canary_names());
  if (text.empty()) return step;  // told already
  step.statement = make_statement(text);
  step.scan = scan_of(text);
  const auto fault = fault_in(kind, step.statement, step.scan);
  if (fault) reader.fault(key, fault->message, fault->hint);
  step.good = !fault;
  return step;
}

// Names by which read or remove know the record; the plant has to write each of them.
void check_names(config::Reader& reader, const Decoded& plant, const Decoded& user, std::string_view key) {
  for (const char* name : {"canary.uuid", "canary.int", "canary.id"}) {
    if (!user.statement.uses(name) || plant.statement.uses(name)) continue;
    const bool assigned = std::string_view(name) == "canary.id" && plant.scan.has("returning");
    if (assigned) continue;
    const std::string shown = "${" + std::string(name) + '}';
    reader.fault(key, "asks for " + shown + ", which the plant does not write",
                 "write it there, or let the plant end with RETURNING id where the database assigns ids");
  }
}

}  // namespace

PgStatements decode_statements(config::Reader& reader) {
  PgStatements statements;
  const Decoded plant = decode_step(reader, "plant", StepKind::plant);
  const Decoded read = decode_step(reader, "read", StepKind::read);
  const Decoded remove = decode_step(reader, "remove", StepKind::remove);
  Decoded find;
  if (reader.has("find")) find = decode_step(reader, "find", StepKind::find);
  statements.plant = plant.statement;
  statements.read = read.statement;
  statements.remove = remove.statement;
  statements.find = find.statement;
  statements.remove_table = table_after(remove.scan, remove.scan.first() == "update" ? "update" : "from");
  statements.grants = grants_for({plant.scan, read.scan, remove.scan, find.scan});
  if (!plant.good || !read.good || !remove.good) return statements;
  check_names(reader, plant, read, "read");
  check_names(reader, plant, remove, "remove");
  statements.server_assigns_ids = !plant.statement.uses("canary.id") && plant.scan.has("returning") &&
                                  (read.statement.uses("canary.id") || remove.statement.uses("canary.id"));
  if (statements.server_assigns_ids && !reader.has("find")) {
    reader.fault("plant",
                 "the database assigns the id, so a crash between statement and answer would leave a record "
                 "nobody can name",
                 "add `find:`, a select of id and token of own records");
  }
  return statements;
}

}  // namespace deadcalm::probes::postgres
