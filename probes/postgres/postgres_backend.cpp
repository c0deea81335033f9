#include "probes/postgres/postgres_backend.h"

#include "probes/postgres/replica.h"
#include "probes/postgres/statement_backend.h"

namespace deadcalm::probes::postgres {
namespace {

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

// Row-level security would hide our own rows as if they were gone, so a look says whether it applies.
constexpr const char* kSeesAllRows = "not row_security_active($3::regclass)";

}  // namespace

PostgresBackend::PostgresBackend(std::shared_ptr<const PostgresOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      deps_(std::move(deps)),
      table_(quoted(options_.schema) + '.' + quoted(options_.table)),
      sessions_(options_.target, deps_) {}

std::unique_ptr<Backend> make_postgres(std::shared_ptr<const PostgresOptions> options, BackendDeps deps) {
  if (options->statements) return std::make_unique<StatementBackend>(std::move(options), std::move(deps));
  return std::make_unique<PostgresBackend>(std::move(options), std::move(deps));
}

std::vector<std::string> PostgresBackend::ddl() const {
  return {"create schema if not exists " + quoted(options_.schema),
          "create table if not exists " + table_ +
              " (stream text not null, seq bigint not null, token text not null, "
              "written timestamptz not null default now(), primary key (stream, seq))"};
}

net::awaitable<PrepareAnswer> PostgresBackend::prepare(bool may_create, model::SteadyTime deadline) {
  PrepareAnswer answer;
  const std::string look = "select coalesce(to_regclass($1)::oid::text, '')";
  const std::vector<std::string> table{table_};
  PgResult found = co_await sessions_.read(look, table, deadline);
  if (!found) {
    answer.failure = found.error();
    co_return answer;
  }
  const auto oid = [](const PgResult& rows) {
    return rows->values.empty() ? std::string() : rows->values[0][0];
  };
  if (oid(found).empty() && may_create && options_.create) {
    // A role that owns the schema need not be allowed to make one.
    const std::vector<std::string> schema{quoted(options_.schema)};
    const PgResult there =
        co_await sessions_.read("select 1 where to_regnamespace($1) is not null", schema, deadline);
    const bool has_schema = there && !there->values.empty();
    for (const std::string& statement : ddl()) {
      if (has_schema && statement.starts_with("create schema")) continue;
      const std::vector<std::string> none;
      const PgResult created = co_await sessions_.write(statement, none, deadline);
      if (created) continue;
      answer.failure = created.error();
      answer.failure->detail += "; create it yourself: " + statement;
      co_return answer;
    }
    answer.created = true;
    found = co_await sessions_.read(look, table, deadline);
    if (!found) {
      answer.failure = found.error();
      co_return answer;
    }
  }
  if (oid(found).empty()) {
    answer.failure =
        StepFailure{model::Write::server,
                    "table " + table_ + " does not exist; create it yourself: " + ddl()[0] + "; " + ddl()[1],
                    false, true, true};
  }
  answer.container_identity = oid(found);
  co_return answer;
}

net::awaitable<PlantAnswer> PostgresBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  // Planting the very same record again is allowed (its fate was unknown), another token is not.
  const std::string sql = "insert into " + table_ +
                          " (stream, seq, token) values ($1, $2::bigint, $3) "
                          "on conflict (stream, seq) do update set token = excluded.token where " +
                          table_ + ".token = excluded.token";
  const std::vector<std::string> values{canary.stream, std::to_string(canary.seq), canary.token};
  const PgResult result = co_await sessions_.write(sql, values, deadline);
  if (!result) {
    answer.failure = result.error();
  } else if (result->affected != 1) {
    answer.failure =
        StepFailure{model::Write::contract, "another record already has this number", false, false, false};
  }
  co_return answer;
}

net::awaitable<ReadAnswer> PostgresBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  const std::string sql = "select t.token, " + std::string(kSeesAllRows) + ", " + kStandingColumns +
                          " from (select 1) one left join " + table_ +
                          " t on t.stream = $1 and t.seq = $2::bigint";
  const std::vector<std::string> values{canary.stream, std::to_string(canary.seq), table_};
  const PgResult result = co_await sessions_.read(sql, values, deadline);
  if (!result) {
    const bool gone = result.error().container_gone;
    const Standing standing = gone ? co_await ask_standing(sessions_, deadline) : Standing{};
    co_return failed_read(result.error(), standing);
  }
  const std::vector<std::string>& row = result->values.at(0);
  answer.token = row.at(0);
  answer.identity_proved = row.at(1) == "t";
  answer.found = answer.token.empty() ? Found::no : Found::yes;
  put(standing_of(row, 2), answer);
  co_return answer;
}

net::awaitable<RemoveAnswer> PostgresBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const std::string sql = "delete from " + table_ + " where stream = $1 and seq = $2::bigint and token = $3";
  const std::vector<std::string> values{canary.stream, std::to_string(canary.seq), canary.token};
  const PgResult result = co_await sessions_.write(sql, values, deadline);
  if (!result) {
    answer.failure = result.error();
    co_return answer;
  }
  answer.removed = result->affected > 0 ? Removed::yes : Removed::was_absent;
  if (answer.removed == Removed::yes) co_return answer;
  const ReadAnswer look = co_await read(canary, deadline);
  if (!look.failure && !look.identity_proved) answer.removed = Removed::none_seen;
  co_return answer;
}

net::awaitable<FindAnswer> PostgresBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  const std::string sql =
      "select stream, seq::text, token from " + table_ + " where stream = $1 or $1 = '' order by stream, seq";
  const std::vector<std::string> values{stream};
  const PgResult result = co_await sessions_.read(sql, values, deadline);
  if (!result) {
    answer.failure = result.error();
    co_return answer;
  }
  for (const auto& row : result->values) {
    answer.records.push_back({model::canary_id(row[0], std::stoull(row[1])), row[2]});
  }
  co_return answer;
}

Description PostgresBackend::describe(const Canary& example) const {
  Description description;
  const std::string place = target_of(options_.target.dsn.value);
  description.target = place + ' ' + table_;
  description.can_find = true;
  description.calls_per_cycle = 9;  // begin and commit around what writes
  description.proves = "database " + place + ", managed table " + table_ + " (no business logic)";
  const std::string key = " where stream = '" + example.stream + "' and seq = " + std::to_string(example.seq);
  const std::string ours = key + " and token = '" + example.token + "'";
  description.requests = {
      "plant   insert into " + table_ + " (stream, seq, token) values ('" + example.stream + "', " +
          std::to_string(example.seq) + ", '" + example.token + "')",
      "read    select token from " + table_ + key, "remove  delete from " + table_ + ours,
      "find    select stream, seq, token from " + table_ + " where stream = '" + example.stream + "'",
      kAroundWrites};
  description.grants = ddl();
  description.grants.push_back("grant usage on schema " + quoted(options_.schema) + " to deadcalm");
  description.grants.push_back("grant select, insert, update, delete on " + table_ + " to deadcalm");
  return description;
}

}  // namespace deadcalm::probes::postgres
