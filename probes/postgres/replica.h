#pragma once
// Is this session's server a standby, and how far is it behind? pg_is_in_recovery() and
// pg_last_xact_replay_timestamp() (PostgreSQL manual, §9.27.4): the commit time, by the primary's clock, of
// the newest transaction that was replayed; while nothing is written anywhere it grows old without any lag.
#include "probes/postgres/pg_sessions.h"

namespace deadcalm::probes::postgres {

struct Standing {
  bool primary = false;  // false also where it could not be asked: then nothing proves a loss
  std::optional<model::Millis> lag;
  bool replay_paused = false;
};

// To be asked before a read: a server that is the primary stays it, a replica may be promoted in between.
net::awaitable<Standing> ask_standing(PgSessions& sessions, model::SteadyTime deadline);

// "recovering, paused, lag in ms" as columns of any select.
extern const char* const kStandingColumns;
Standing standing_of(const std::vector<std::string>& row, std::size_t first_column);
void put(const Standing& standing, ReadAnswer& answer);

// A failed read. A table that a replica does not have is not there yet, and proves no loss.
ReadAnswer failed_read(StepFailure failure, const Standing& standing);

}  // namespace deadcalm::probes::postgres
