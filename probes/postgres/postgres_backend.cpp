#include "probes/postgres/postgres_backend.h"

#include "runtime/log.h"

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

PostgresBackend::PostgresBackend(const std::shared_ptr<const PostgresOptions>& options, BackendDeps deps)
    : options_(*options),
      deps_(std::move(deps)),
      table_(quoted(options_.schema) + '.' + quoted(options_.table)),
      main_(deps_.clock, deps_.executor),
      beside_(deps_.clock, deps_.executor) {}

std::vector<std::string> PostgresBackend::ddl() const {
  return {"create schema if not exists " + quoted(options_.schema),
          "create table if not exists " + table_ +
              " (stream text not null, seq bigint not null, token text not null, "
              "written timestamptz not null default now(), primary key (stream, seq))"};
}

net::awaitable<PgResult> PostgresBackend::open_and_run(PgConnection& session, std::string sql,
                                                       std::vector<std::string> parameters,
                                                       model::SteadyTime deadline) {
  if (!session.is_open()) {
    const std::string name = "deadcalm/" DEADCALM_VERSION " " + deps_.instance;
    const auto failure = co_await session.open(options_.dsn.value, name, deadline);
    if (failure) co_return std::unexpected(*failure);
  }
  co_return co_await session.run(std::move(sql), std::move(parameters), deadline);
}

net::awaitable<PgResult> PostgresBackend::run(std::string sql, std::vector<std::string> parameters,
                                              model::SteadyTime deadline) {
  PgConnection& session = main_.busy() ? beside_ : main_;
  PgResult result = co_await open_and_run(session, sql, parameters, deadline);
  if (result || result.error().failure != model::Write::auth) co_return result;
  // Refused: the secret may have been rotated. Once more, with what its file says now.
  if (options_.dsn.can_change()) {
    if (const auto fresh = options_.dsn.read_again(deps_.environment)) {
      options_.dsn.value = *fresh;
      runtime::mask_in_logs({*fresh});
    }
  }
  session.close();
  co_return co_await open_and_run(session, std::move(sql), std::move(parameters), deadline);
}

net::awaitable<PrepareAnswer> PostgresBackend::prepare(bool may_create, model::SteadyTime deadline) {
  PrepareAnswer answer;
  const std::string look = "select coalesce(to_regclass($1)::oid::text, '')";
  const std::vector<std::string> table{table_};
  PgResult found = co_await run(look, table, deadline);
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
    const PgResult there = co_await run("select 1 where to_regnamespace($1) is not null", schema, deadline);
    const bool has_schema = there && !there->values.empty();
    for (const std::string& statement : ddl()) {
      if (has_schema && statement.starts_with("create schema")) continue;
      const std::vector<std::string> none;
      const PgResult created = co_await run(statement, none, deadline);
      if (created) continue;
      answer.failure = created.error();
      answer.failure->detail += "; create it yourself: " + statement;
      co_return answer;
    }
    answer.created = true;
    found = co_await run(look, table, deadline);
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
  const PgResult result = co_await run(sql, values, deadline);
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
  const bool managed = options_.query.empty();
  std::string sql = options_.query;
  std::vector<std::string> values{canary.record_id};
  if (managed) {
    sql = "select t.token, pg_is_in_recovery(), " + std::string(kSeesAllRows) +
          " from (select 1) one left join " + table_ + " t on t.stream = $1 and t.seq = $2::bigint";
    values = {canary.stream, std::to_string(canary.seq), table_};
  } else if (options_.name_for_query == "canary.uuid") {
    values = {canary.uuid()};
  } else if (options_.name_for_query == "canary.int") {
    values = {std::to_string(canary.number())};
  }
  const PgResult result = co_await run(sql, values, deadline);
  if (!result) {
    answer.failure = result.error();
    co_return answer;
  }
  if (managed) {
    answer.token = result->values.at(0).at(0);
    answer.primary = result->values[0][1] == "f";
    answer.identity_proved = result->values[0][2] == "t";
    answer.found = answer.token.empty() ? Found::no : Found::yes;
    co_return answer;
  }
  // A query of the user's: the token anywhere in the first row. It cannot tell hidden from gone by itself.
  answer.found = result->values.empty() ? Found::no : Found::yes;
  if (answer.found == Found::yes) {
    for (const std::string& value : result->values[0]) {
      if (value.find(canary.token) != std::string::npos) answer.token = canary.token;
    }
  }
  const std::vector<std::string> none;
  const PgResult recovery = co_await run("select pg_is_in_recovery()", none, deadline);
  answer.primary = recovery && !recovery->values.empty() && recovery->values[0][0] == "f";
  co_return answer;
}

net::awaitable<RemoveAnswer> PostgresBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const std::string sql = "delete from " + table_ + " where stream = $1 and seq = $2::bigint";
  const std::vector<std::string> values{canary.stream, std::to_string(canary.seq)};
  const PgResult result = co_await run(sql, values, deadline);
  if (!result) {
    answer.failure = result.error();
  } else {
    answer.removed = result->affected > 0 ? Removed::yes : Removed::was_absent;
  }
  co_return answer;
}

net::awaitable<FindAnswer> PostgresBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  const std::string sql =
      "select stream, seq::text, token from " + table_ + " where stream = $1 or $1 = '' order by stream, seq";
  const std::vector<std::string> values{stream};
  const PgResult result = co_await run(sql, values, deadline);
  if (!result) {
    answer.failure = result.error();
    co_return answer;
  }
  for (const auto& row : result->values) {
    answer.records.push_back({model::canary_id(row[0], std::stoull(row[1])), row[2]});
  }
  co_return answer;
}

void PostgresBackend::finish() {
  main_.close();
  beside_.close();
}

Description PostgresBackend::describe(const Canary& example) const {
  Description description;
  const std::string place = target_of(options_.dsn.value);
  description.target = place + ' ' + (options_.query.empty() ? table_ : options_.query);
  description.can_find = options_.query.empty();
  description.calls_per_cycle = 5;
  if (!options_.query.empty()) {
    description.proves = "read in the database " + place;
    description.requests = {"read    " + options_.query + "   -- $1 = " + example.record_id};
    description.grants = {"grant select on the tables of that query, and nothing else"};
    return description;
  }
  description.proves = "database " + place + ", managed table " + table_ + " (no business logic)";
  const std::string key = " where stream = '" + example.stream + "' and seq = " + std::to_string(example.seq);
  description.requests = {
      "plant   insert into " + table_ + " (stream, seq, token) values ('" + example.stream + "', " +
          std::to_string(example.seq) + ", '" + example.token + "')",
      "read    select token from " + table_ + key, "remove  delete from " + table_ + key,
      "find    select stream, seq, token from " + table_ + " where stream = '" + example.stream + "'"};
  description.grants = ddl();
  description.grants.push_back("grant usage on schema " + quoted(options_.schema) + " to deadcalm");
  description.grants.push_back("grant select, insert, update, delete on " + table_ + " to deadcalm");
  return description;
}

}  // namespace deadcalm::probes::postgres
