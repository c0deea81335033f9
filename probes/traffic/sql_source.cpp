#include "probes/traffic/sql_source.h"

#include <algorithm>

#include "model/duration.h"
#include "probes/postgres/decode.h"
#include "probes/traffic/number.h"
#include "runtime/log.h"

namespace deadcalm::probes::traffic {
namespace {

using postgres::PgResult;

constexpr std::string_view kTypes[][2] = {{"since", "timestamptz"}, {"window", "interval"}};

std::string_view type_of(std::string_view name) {
  return name == kTypes[0][0] ? kTypes[0][1] : kTypes[1][1];
}

std::string value_of(std::string_view name, const CountWindow& window) {
  if (name == "since") return model::rfc3339(window.since);
  return std::to_string(std::chrono::floor<std::chrono::seconds>(window.window).count()) + " seconds";
}

Counted count_in_rows(const postgres::PgRows& rows) {
  if (rows.values.size() != 1 || rows.values[0].size() != 1) {
    const std::size_t columns = rows.values.empty() ? 0 : rows.values[0].size();
    return std::unexpected("the query gives " + std::to_string(rows.values.size()) + " rows of " +
                           std::to_string(columns) + " columns instead of one number");
  }
  const std::string& text = rows.values[0][0];
  if (text.empty()) return std::unexpected(std::string("NULL instead of a number: use count(*)"));
  return count_in_text(text);
}

}  // namespace

SqlOptions decode_sql(config::Reader& reader) {
  SqlOptions options;
  options.target = postgres::decode_target(reader);
  options.query = reader.template_text("query", config::traffic_names());
  const std::string text = options.query.literal();
  if (text.find("'${since}'") != std::string::npos || text.find("'${window}'") != std::string::npos) {
    reader.fault("query", "${since} and ${window} are values already", "leave out the quotes around them");
  }
  if (text.find("$1") != std::string::npos) {
    reader.fault("query", "has a parameter of its own", "use ${since} or ${window}");
  }
  return options;
}

SqlSource::SqlSource(const std::shared_ptr<const SqlOptions>& options, BackendDeps deps)
    : options_(*options), deps_(std::move(deps)) {
  statement_ = options_.query.render([this](std::string_view name) {
    auto known = std::ranges::find(names_, name);
    if (known == names_.end()) known = names_.insert(names_.end(), std::string(name));
    return '$' + std::to_string(known - names_.begin() + 1) + "::" + std::string(type_of(name));
  });
}

std::string SqlSource::describe(const CountWindow& window) const {
  std::string text = "at " + postgres::target_of(options_.target.dsn.value) + ": " + statement_;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    text += (i == 0 ? "  with $" : ", $") + std::to_string(i + 1) + " = " + value_of(names_[i], window);
  }
  return text;
}

net::awaitable<PgResult> SqlSource::ask(std::vector<std::string> values, model::SteadyTime deadline) {
  postgres::PgConnection session(deps_.clock, deps_.executor);
  const std::string name = "deadcalm/" DEADCALM_VERSION " " + deps_.instance;
  const auto failure = co_await session.open(options_.target.dsn.value, name, deadline, options_.target.tls);
  if (failure) co_return std::unexpected(*failure);
  const auto left = std::max(model::Millis{1}, deadline - deps_.clock.now().steady);
  const std::string setting[] = {"begin transaction read only",
                                 "set local statement_timeout = " + std::to_string(left.count())};
  for (const std::string& statement : setting) {
    std::vector<std::string> none;
    PgResult set = co_await session.run(statement, std::move(none), deadline);
    if (!set) co_return set;
  }
  co_return co_await session.run(statement_, std::move(values), deadline);
}

net::awaitable<Counted> SqlSource::count(CountWindow window, model::SteadyTime deadline) {
  std::vector<std::string> values;
  values.reserve(names_.size());
  for (const std::string& name : names_) values.push_back(value_of(name, window));
  PgResult rows = co_await ask(values, deadline);
  const bool refused = !rows && rows.error().failure == model::Write::auth;
  if (refused && options_.target.dsn.can_change()) {  // the secret may have been rotated
    if (const auto fresh = options_.target.dsn.read_again(deps_.environment)) {
      options_.target.dsn.value = *fresh;
      runtime::mask_in_logs({*fresh});
    }
    rows = co_await ask(std::move(values), deadline);
  }
  if (!rows) co_return std::unexpected(rows.error().detail);
  co_return count_in_rows(*rows);
}

net::awaitable<CountedHours> SqlSource::history(model::WallTime, model::Millis, model::SteadyTime) {
  co_return std::vector<CountedHour>{};
}

}  // namespace deadcalm::probes::traffic
