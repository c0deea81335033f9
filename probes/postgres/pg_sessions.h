#pragma once
// The sessions of one cycle: opened when a statement needs one, a second when the first is busy (the kept
// record is read during a plant), all closed at its end. A secret that was refused is read again.
#include "probes/backend_deps.h"
#include "probes/postgres/pg_connection.h"

namespace deadcalm::probes::postgres {

// What goes around a statement that writes, for the dry run.
inline constexpr const char* kAroundWrites =
    "plant and remove: begin; set local statement_timeout = <9/10 of the time left>; the statement; commit";

// Loop thread only.
class PgSessions {
 public:
  PgSessions(PgTarget target, BackendDeps deps);

  net::awaitable<PgResult> read(std::string sql, std::vector<std::string> parameters,
                                model::SteadyTime deadline);
  // In a transaction with a statement_timeout of its own (SET LOCAL), so that a server that waits for a
  // lock does not go on with what we have given up. A pooler that allows no transactions (PgBouncer,
  // pool_mode=statement) gets the statement alone: it is then its own transaction, without the time-out.
  net::awaitable<PgResult> write(std::string sql, std::vector<std::string> parameters,
                                 model::SteadyTime deadline);
  void close();

 private:
  net::awaitable<std::optional<StepFailure>> open(PgConnection& session, model::SteadyTime deadline);
  net::awaitable<PgResult> write_in_transaction(PgConnection& session, std::string sql,
                                                std::vector<std::string> parameters,
                                                model::SteadyTime deadline);
  net::awaitable<PgResult> try_write(PgConnection& session, std::string sql,
                                     std::vector<std::string> parameters, model::SteadyTime deadline);
  bool read_secret_again();
  PgConnection& free_one() { return main_.busy() ? beside_ : main_; }

  PgTarget target_;
  BackendDeps deps_;
  PgConnection main_, beside_;
  bool transactions_ = true;
};

}  // namespace deadcalm::probes::postgres
