#include "probes/postgres/replica.h"

#include <charconv>

namespace deadcalm::probes::postgres {

// pg_is_wal_replay_paused() is an error on a primary.
const char* const kStandingColumns =
    "pg_is_in_recovery(), case when pg_is_in_recovery() then pg_is_wal_replay_paused() end, "
    "case when pg_is_in_recovery() then "
    "(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint end";

Standing standing_of(const std::vector<std::string>& row, std::size_t first_column) {
  Standing standing;
  if (row.size() < first_column + 3) return standing;
  standing.primary = row[first_column] == "f";
  standing.replay_paused = row[first_column + 1] == "t";
  const std::string& millis = row[first_column + 2];
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(millis.data(), millis.data() + millis.size(), value);
  if (error == std::errc{} && end == millis.data() + millis.size())
    standing.lag = model::Millis{std::max<std::int64_t>(value, 0)};
  return standing;
}

net::awaitable<Standing> ask_standing(PgSessions& sessions, model::SteadyTime deadline) {
  std::string sql = std::string("select ") + kStandingColumns;
  std::vector<std::string> none;
  const PgResult rows = co_await sessions.read(std::move(sql), std::move(none), deadline);
  co_return rows && !rows->values.empty() ? standing_of(rows->values[0], 0) : Standing{};
}

void put(const Standing& standing, ReadAnswer& answer) {
  answer.primary = standing.primary;
  answer.lag = standing.lag;
  answer.replay_paused = standing.replay_paused;
}

ReadAnswer failed_read(StepFailure failure, const Standing& standing) {
  ReadAnswer answer;
  put(standing, answer);
  if (failure.container_gone && !standing.primary) {
    answer.found = Found::no;
  } else {
    answer.failure = std::move(failure);
  }
  return answer;
}

}  // namespace deadcalm::probes::postgres
