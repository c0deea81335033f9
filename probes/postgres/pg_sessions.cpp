#include "probes/postgres/pg_sessions.h"

#include "probes/postgres/refusal.h"
#include "runtime/log.h"

namespace deadcalm::probes::postgres {
namespace {

// Sooner than ours, so that its answer still arrives and the record's fate is known.
std::string begin_with_timeout(model::Millis left) {
  const auto limit = std::max<std::int64_t>(left.count() * 9 / 10, 1);
  return "begin; set local statement_timeout = " + std::to_string(limit);
}

bool refused(const PgResult& result) {
  return !result && result.error().failure == model::Write::auth;
}

}  // namespace

PgSessions::PgSessions(PgTarget target, BackendDeps deps)
    : target_(std::move(target)),
      deps_(std::move(deps)),
      main_(deps_.clock, deps_.executor),
      beside_(deps_.clock, deps_.executor) {}

net::awaitable<std::optional<StepFailure>> PgSessions::open(PgConnection& session,
                                                            model::SteadyTime deadline) {
  if (session.is_open()) co_return std::nullopt;
  std::string name = "deadcalm/" DEADCALM_VERSION " " + deps_.instance;
  co_return co_await session.open(target_.dsn.value, std::move(name), deadline, target_.tls, target_.policy);
}

bool PgSessions::read_secret_again() {
  if (!target_.dsn.can_change()) return false;
  const auto fresh = target_.dsn.read_again(deps_.environment);
  if (!fresh) return false;
  target_.dsn.value = *fresh;
  runtime::mask_in_logs({*fresh});
  return true;
}

net::awaitable<PgResult> PgSessions::read(std::string sql, std::vector<std::string> parameters,
                                          model::SteadyTime deadline) {
  PgConnection& session = free_one();
  for (bool again = false;; again = true) {
    PgResult result;
    if (auto failure = co_await open(session, deadline)) {
      result = std::unexpected(*std::move(failure));
    } else {
      result = co_await session.run(sql, parameters, deadline);
    }
    if (again || !refused(result)) co_return result;
    read_secret_again();  // once more, with what its file says now
    session.close();
  }
}

net::awaitable<PgResult> PgSessions::write(std::string sql, std::vector<std::string> parameters,
                                           model::SteadyTime deadline) {
  PgConnection& session = free_one();
  PgResult result = co_await try_write(session, sql, parameters, deadline);
  if (!refused(result)) co_return result;
  read_secret_again();
  session.close();
  co_return co_await try_write(session, std::move(sql), std::move(parameters), deadline);
}

net::awaitable<PgResult> PgSessions::try_write(PgConnection& session, std::string sql,
                                               std::vector<std::string> parameters,
                                               model::SteadyTime deadline) {
  if (auto failure = co_await open(session, deadline)) co_return std::unexpected(*std::move(failure));
  if (transactions_) {
    PgResult result = co_await write_in_transaction(session, sql, parameters, deadline);
    if (result || !refuses_transactions(result.error())) co_return result;
    transactions_ = false;
    if (auto failure = co_await open(session, deadline)) co_return std::unexpected(*std::move(failure));
  }
  co_return co_await session.run(std::move(sql), std::move(parameters), deadline);
}

net::awaitable<PgResult> PgSessions::write_in_transaction(PgConnection& session, std::string sql,
                                                          std::vector<std::string> parameters,
                                                          model::SteadyTime deadline) {
  std::string begin = begin_with_timeout(deadline - deps_.clock.now().steady);
  PgResult began = co_await session.run_simple(std::move(begin), deadline);
  if (!began) {
    began.error().maybe_done = false;  // the statement was not sent
    session.close();
    co_return began;
  }
  PgResult result = co_await session.run(std::move(sql), std::move(parameters), deadline);
  if (!result && result.error().detail.starts_with("SQLSTATE 57014")) {
    result.error().failure = model::Write::net;  // our own time-out, and the server has rolled it back
  }
  if (!session.is_open()) co_return result;
  std::string end = result ? "commit" : "rollback";
  const PgResult ended = co_await session.run_simple(std::move(end), deadline);
  if (!result) co_return result;
  if (ended && ended->command_tag == "COMMIT") co_return result;
  StepFailure failure =
      ended ? StepFailure{model::Write::server, "the commit became a rollback", false} : ended.error();
  // An error answer to COMMIT means rolled back; a cut session leaves it open.
  co_return std::unexpected(std::move(failure));
}

void PgSessions::close() {
  main_.close();
  beside_.close();
}

}  // namespace deadcalm::probes::postgres
