#include "probes/postgres/question.h"

#include <algorithm>

#include "runtime/log.h"

namespace deadcalm::probes::postgres {

net::awaitable<PgResult> Question::ask_once(const std::string& statement, std::vector<std::string> values,
                                            model::SteadyTime deadline) {
  PgConnection session(deps_.clock, deps_.executor);
  const std::string name = "deadcalm/" DEADCALM_VERSION " " + deps_.instance;
  const auto failure = co_await session.open(target_.dsn.value, name, deadline, target_.tls, target_.policy);
  if (failure) co_return std::unexpected(*failure);
  const auto left = std::max(model::Millis{1}, deadline - deps_.clock.now().steady);
  const std::string settings[] = {"begin transaction read only",
                                  "set local statement_timeout = " + std::to_string(left.count())};
  for (const std::string& setting : settings) {
    std::vector<std::string> none;
    PgResult set = co_await session.run(setting, std::move(none), deadline);
    if (!set) co_return set;
  }
  co_return co_await session.run(statement, std::move(values), deadline);
}

net::awaitable<PgResult> Question::ask(std::string statement, std::vector<std::string> values,
                                       model::SteadyTime deadline) {
  PgResult rows = co_await ask_once(statement, values, deadline);
  const bool refused = !rows && rows.error().failure == model::Write::auth;
  if (!refused || !target_.dsn.can_change()) co_return rows;
  if (const auto fresh = target_.dsn.read_again(deps_.environment)) {  // it may have been rotated
    target_.dsn.value = *fresh;
    runtime::mask_in_logs({*fresh});
  }
  co_return co_await ask_once(statement, std::move(values), deadline);
}

}  // namespace deadcalm::probes::postgres
