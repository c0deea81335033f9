#include "probes/traffic/sql_source.h"

#include <algorithm>

#include "model/duration.h"
#include "probes/traffic/number.h"

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
  reader.one_of({"dsn", "dsn_file"}, true);
  options.dsn = reader.secret_source("dsn").value_or(config::SecretSource{});
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
    : question_(options->dsn, std::move(deps)) {
  statement_ = options->query.render([this](std::string_view name) {
    auto known = std::ranges::find(names_, name);
    if (known == names_.end()) known = names_.insert(names_.end(), std::string(name));
    return '$' + std::to_string(known - names_.begin() + 1) + "::" + std::string(type_of(name));
  });
}

std::string SqlSource::describe(const CountWindow& window) const {
  std::string text = "at " + question_.target() + ": " + statement_;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    text += (i == 0 ? "  with $" : ", $") + std::to_string(i + 1) + " = " + value_of(names_[i], window);
  }
  return text;
}

net::awaitable<Counted> SqlSource::count(CountWindow window, model::SteadyTime deadline) {
  std::vector<std::string> values;
  values.reserve(names_.size());
  for (const std::string& name : names_) values.push_back(value_of(name, window));
  const PgResult rows = co_await question_.ask(statement_, std::move(values), deadline);
  if (!rows) co_return std::unexpected(rows.error().detail);
  co_return count_in_rows(*rows);
}

net::awaitable<CountedHours> SqlSource::history(model::WallTime, model::Millis, model::SteadyTime) {
  co_return std::vector<CountedHour>{};
}

}  // namespace deadcalm::probes::traffic
