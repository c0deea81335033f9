#include "probes/postgres/statement_backend.h"

namespace deadcalm::probes::postgres {
namespace {

StepFailure contract(std::string detail, bool maybe_done) {
  return {model::Write::contract, std::move(detail), maybe_done, false, false};
}

bool is_conflict(const StepFailure& failure) {
  return failure.detail.starts_with("SQLSTATE 23505");
}

}  // namespace

StatementBackend::StatementBackend(std::shared_ptr<const PostgresOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      statements_(*shared_options_->statements),
      deps_(std::move(deps)),
      sessions_(shared_options_->target, deps_) {}

net::awaitable<PrepareAnswer> StatementBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // the table is its owner's
}

net::awaitable<PgResult> StatementBackend::rows_of(Canary canary, model::SteadyTime deadline) {
  std::vector<std::string> values = statements_.read.values(canary);
  PgResult rows = co_await sessions_.read(statements_.read.sql, std::move(values), deadline);
  if (rows && rows->values.size() > 1 && !statements_.plant.empty()) {
    co_return std::unexpected(contract(
        "the read gives " + std::to_string(rows->values.size()) + " rows; its WHERE must name one", false));
  }
  co_return rows;
}

// Ours, another of ours, or empty: the row holds no token.
std::string StatementBackend::token_in(const std::vector<std::string>& row, const Canary& canary) const {
  for (const std::string& value : row) {
    if (value.find(canary.token) != std::string::npos) return canary.token;
  }
  for (const std::string& value : row) {
    const auto other = model::find_tokens(value, deps_.canary_key, 1);
    if (!other.empty()) return encode(other[0], deps_.canary_key);
  }
  return {};
}

net::awaitable<PlantAnswer> StatementBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  std::vector<std::string> values = statements_.plant.values(canary);
  const PgResult result = co_await sessions_.write(statements_.plant.sql, std::move(values), deadline);
  if (!result) {
    answer.failure = result.error();
    if (is_conflict(result.error()) && !statements_.server_assigns_ids)
      answer.failure = co_await settle_conflict(canary, result.error(), deadline);
    co_return answer;
  }
  if (result->affected == 0 && !statements_.server_assigns_ids) {
    const StepFailure nothing =
        contract("the plant wrote no row (ON CONFLICT DO NOTHING, a trigger, a rule?)", false);
    answer.failure = co_await settle_conflict(canary, nothing, deadline);
  } else if (result->affected != 1) {
    answer.failure = contract("the plant wrote " + std::to_string(result->affected) + " rows instead of one",
                              result->affected > 0);
  } else if (statements_.server_assigns_ids) {
    answer.record_id = result->values.empty() || result->values[0].empty() ? "" : result->values[0][0];
    if (answer.record_id.empty()) answer.failure = contract("RETURNING gave no id", true);
  }
  co_return answer;
}

// Planting the very same record again is allowed (its fate was unknown), another one in its place is not.
net::awaitable<std::optional<StepFailure>> StatementBackend::settle_conflict(Canary canary,
                                                                             StepFailure conflict,
                                                                             model::SteadyTime deadline) {
  const PgResult rows = co_await rows_of(canary, deadline);
  if (!rows) co_return rows.error();
  if (rows->values.size() == 1 && token_in(rows->values[0], canary) == canary.token) co_return std::nullopt;
  co_return conflict;
}

net::awaitable<ReadAnswer> StatementBackend::read(Canary canary, model::SteadyTime deadline) {
  const Standing standing = co_await ask_standing(sessions_, deadline);
  const PgResult rows = co_await rows_of(canary, deadline);
  if (!rows) co_return failed_read(rows.error(), standing);
  ReadAnswer answer;
  put(standing, answer);
  // It cannot tell hidden from gone by itself: identity_proved stays false.
  answer.found = rows->values.empty() ? Found::no : Found::yes;
  if (answer.found == Found::yes) answer.token = token_in(rows->values[0], canary);
  co_return answer;
}

net::awaitable<bool> StatementBackend::rows_may_be_hidden(model::SteadyTime deadline) {
  std::vector<std::string> table{statements_.remove_table};
  if (table[0].empty()) co_return false;
  const PgResult active =
      co_await sessions_.read("select row_security_active(to_regclass($1))", std::move(table), deadline);
  co_return active && !active->values.empty() && active->values[0][0] == "t";
}

net::awaitable<RemoveAnswer> StatementBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const PgResult there = co_await rows_of(canary, deadline);
  if (!there) {
    answer.failure = there.error();
    co_return answer;
  }
  if (there->values.empty()) {
    const bool hidden = co_await rows_may_be_hidden(deadline);
    answer.removed = hidden ? Removed::none_seen : Removed::was_absent;
    co_return answer;
  }
  if (token_in(there->values[0], canary) != canary.token) {
    answer.failure = contract("not removed: the record does not hold our token any more", false);
    co_return answer;
  }
  std::vector<std::string> values = statements_.remove.values(canary);
  std::string sql = guarded(statements_.remove);
  const PgResult result = co_await sessions_.write(std::move(sql), std::move(values), deadline);
  if (!result) {
    answer.failure = result.error();
    if (const auto rows = rows_in_guard_error(result.error().detail))
      answer.failure = contract(
          "the remove touches " + *rows + " rows and was rolled back: its WHERE must name one record", false);
  } else if (!result->values.empty() && result->values[0][0] == "1") {
    answer.removed = Removed::yes;
  } else if (co_await rows_may_be_hidden(deadline)) {
    answer.failure = StepFailure{model::Write::auth,
                                 "the remove touched no row although the record is there: no policy of the "
                                 "table's row-level security allows it",
                                 false, false, false};
  } else {
    answer.failure = contract("the remove touched no row although the record is there", false);
  }
  co_return answer;
}

net::awaitable<FindAnswer> StatementBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  if (statements_.find.empty()) {
    answer.failure = contract("no find statement is configured", false);
    co_return answer;
  }
  std::vector<std::string> none;
  const PgResult rows = co_await sessions_.read(statements_.find.sql, std::move(none), deadline);
  if (!rows) {
    answer.failure = rows.error();
    co_return answer;
  }
  for (const std::vector<std::string>& row : rows->values) {
    for (const std::string& value : row) {
      const auto ours = model::find_tokens(value, deps_.canary_key, 1);
      if (ours.empty()) continue;
      if (stream.empty() || ours[0].stream == stream)
        answer.records.push_back({row[0], encode(ours[0], deps_.canary_key)});
      break;
    }
  }
  co_return answer;
}

Description StatementBackend::describe_door(const Canary& example, Description description) const {
  description.target += ' ' + statements_.read.sql;
  description.proves = "read in the database " + target_of(shared_options_->target.dsn.value);
  description.requests = {"read    " + statements_.read.shown(example)};
  description.grants = statements_.grants;
  if (description.grants.empty())
    description.grants = {"grant select on the tables of that query, and nothing else"};
  return description;
}

Description StatementBackend::describe(const Canary& example) const {
  Description description;
  const std::string place = target_of(shared_options_->target.dsn.value);
  description.target = place;
  description.calls_per_cycle = 12;  // begin and commit, the standing of the server, the remove reads first
  if (statements_.plant.empty()) return describe_door(example, std::move(description));
  description.target += ' ' + statements_.plant.sql;
  description.proves = "database " + place + ", by statements of your own";
  description.server_assigns_ids = statements_.server_assigns_ids;
  description.can_find = !statements_.find.empty();
  description.grants = statements_.grants;
  if (example.token.empty()) return description;
  Canary shown = example;
  if (statements_.server_assigns_ids) shown.record_id = "<the id of RETURNING>";
  Statement remove = statements_.remove;
  remove.sql = guarded(statements_.remove);
  description.requests = {"plant   " + statements_.plant.shown(shown),
                          "read    " + statements_.read.shown(shown), "remove  " + remove.shown(shown)};
  if (!statements_.find.empty()) description.requests.push_back("find    " + statements_.find.sql);
  description.requests.emplace_back(kAroundWrites);
  return description;
}

}  // namespace deadcalm::probes::postgres
