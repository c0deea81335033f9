#include "probes/known/sql_record.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "probes/http/decode.h"
#include "probes/postgres/decode.h"

namespace deadcalm::probes::known {
namespace {

// A number as a number, so that `ge: 100` compares; anything else as a text.
boost::json::value value_of(const std::string& text) {
  boost::system::error_code not_json;
  const boost::json::value parsed = boost::json::parse(text, not_json);
  return !not_json && parsed.is_number() ? parsed : boost::json::value(text);
}

}  // namespace

SqlRecordOptions decode_sql_record(config::Reader& reader) {
  SqlRecordOptions options;
  options.target = postgres::decode_target(reader);
  options.query = reader.text("query");
  std::ranges::replace_if(options.query, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  while (options.query.ends_with(' ') || options.query.ends_with(';')) options.query.pop_back();
  if (options.query.find("$1") != std::string::npos)
    reader.fault("query", "has a parameter, and there is nothing to put in", "name the record in the query");
  if (const config::Node* expect = reader.node("expect"))
    options.expect = http::decode_conditions(*expect, reader.context());
  return options;
}

KnownAnswer judge_rows(const std::vector<std::vector<std::string>>& rows, const SqlRecordOptions& options) {
  if (rows.empty() || rows[0].empty()) return {KnownState::gone, options.query + ": no row", true};
  const boost::json::value value = value_of(rows[0][0]);
  for (const http::Condition& condition : options.expect) {
    if (auto wrong = http::violation(options.query, &value, condition))
      return {KnownState::gone, *wrong, true};
  }
  return {KnownState::good, "", true};
}

SqlRecord::SqlRecord(const std::shared_ptr<const SqlRecordOptions>& options, const BackendDeps& deps)
    : options_(options), question_(options->target, deps) {}

std::string SqlRecord::describe() const {
  return options_->query + " at " + question_.target();
}

net::awaitable<KnownAnswer> SqlRecord::look(model::SteadyTime deadline) {
  std::vector<std::string> none;
  const postgres::PgResult rows = co_await question_.ask(options_->query, std::move(none), deadline);
  KnownAnswer answer;
  if (rows) {
    answer = judge_rows(rows->values, *options_);
  } else {
    // A server that knows us and has no such table: deleted.
    const bool gone = rows.error().container_gone;
    answer = {gone ? KnownState::gone : KnownState::unknown, options_->query + ": " + rows.error().detail,
              gone};
  }
  if (answer.state == KnownState::gone && !co_await is_primary(deadline)) {
    answer = {KnownState::unknown, answer.detail + " (on a replica, which can lag: it proves no loss)",
              false};
  }
  co_return answer;
}

// False also where it could not be asked.
net::awaitable<bool> SqlRecord::is_primary(model::SteadyTime deadline) {
  std::vector<std::string> none;
  const std::string question = "select pg_is_in_recovery()";
  const postgres::PgResult rows = co_await question_.ask(question, std::move(none), deadline);
  co_return rows && !rows->values.empty() && rows->values[0].at(0) == "f";
}

}  // namespace deadcalm::probes::known
