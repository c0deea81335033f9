// libpq may change its socket during PQconnectPoll (next address, TLS after plain), so the watch is
// made anew at each step, and always released before libpq closes the descriptor. (libpq manual,
// "Asynchronous Command Processing" and PQconnectPoll.)
#include "probes/postgres/pg_connection.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cstdlib>
#include <map>

#include "probes/busy.h"
#include "probes/postgres/sqlstate.h"

namespace deadcalm::probes::postgres {
namespace {

using namespace net::experimental::awaitable_operators;
using Keywords = std::map<std::string, std::string>;

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::expected<Keywords, std::string> parse_dsn(const model::Secret& dsn) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(dsn.reveal().c_str(), &error);
  if (options == nullptr) {
    // libpq's message can quote the DSN, password included: only its first words are safe.
    PQfreemem(error);
    return std::unexpected("not a PostgreSQL connection string or URI");
  }
  Keywords found;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) found[option->keyword] = option->val;
  }
  PQconninfoFree(options);
  return found;
}

std::string value_or(const Keywords& keywords, const std::string& name, const std::string& fallback) {
  const auto it = keywords.find(name);
  return it == keywords.end() || it->second.empty() ? fallback : it->second;
}

bool needs_resolving(const Keywords& keywords) {
  const std::string host = value_or(keywords, "host", "");
  if (host.empty() || host.starts_with('/') || host.find(',') != std::string::npos) return false;
  if (!value_or(keywords, "hostaddr", "").empty()) return false;
  boost::system::error_code ec;
  net::ip::make_address(host, ec);
  return ec.failed();
}

StepFailure net_failure(std::string detail, bool maybe_done) {
  return {model::Write::net, std::move(detail), maybe_done, false, false};
}

}  // namespace

std::string target_of(const model::Secret& dsn) {
  const auto keywords = parse_dsn(dsn);
  if (!keywords) return "a database";
  return value_or(*keywords, "host", "local socket") + ':' + value_or(*keywords, "port", "5432") + '/' +
         value_or(*keywords, "dbname", value_or(*keywords, "user", "")) + " as " +
         value_or(*keywords, "user", "the system user");
}

PgConnection::PgConnection(runtime::Clock& clock, net::any_io_executor executor)
    : clock_(clock), executor_(std::move(executor)) {}

PgConnection::~PgConnection() {
  close();
}

void PgConnection::close() {
  if (socket_) socket_->release();
  socket_.reset();
  if (conn_ != nullptr) PQfinish(conn_);
  conn_ = nullptr;
}

void PgConnection::watch_socket() {
  const int fd = PQsocket(conn_);
  if (socket_ && socket_->native_handle() == fd) return;
  if (socket_) socket_->release();
  socket_ = std::make_unique<net::posix::stream_descriptor>(executor_, fd);
}

net::awaitable<PgConnection::Wait> PgConnection::wait_for(bool read, bool write, model::SteadyTime deadline) {
  using Descriptor = net::posix::stream_descriptor;
  watch_socket();
  boost::system::error_code ignored;
  const auto watch = [&](Descriptor::wait_type kind) {
    return socket_->async_wait(kind, net::redirect_error(net::use_awaitable, ignored));
  };
  if (read && write) {
    const auto first = co_await (watch(Descriptor::wait_read) || watch(Descriptor::wait_write) ||
                                 clock_.sleep_until(deadline));
    co_return first.index() == 2 ? Wait::timed_out : Wait::ready;
  }
  const auto kind = write ? Descriptor::wait_write : Descriptor::wait_read;
  const auto first = co_await (watch(kind) || clock_.sleep_until(deadline));
  co_return first.index() == 1 ? Wait::timed_out : Wait::ready;
}

StepFailure PgConnection::broken(const char* doing) {
  StepFailure failure = net_failure(std::string(doing) + ": " + one_line(PQerrorMessage(conn_)), true);
  close();
  return failure;
}

net::awaitable<std::optional<StepFailure>> PgConnection::open(model::Secret dsn, std::string application_name,
                                                              model::SteadyTime deadline) {
  const Busy busy(busy_);
  close();
  const auto parsed = parse_dsn(dsn);
  if (!parsed) co_return StepFailure{model::Write::contract, parsed.error(), false, false, false};
  Keywords keywords = *parsed;
  const std::string target = target_of(dsn);
  keywords["application_name"] = std::move(application_name);
  if (needs_resolving(keywords)) {
    net::ip::tcp::resolver resolver(executor_);
    boost::system::error_code ec;
    const auto found = co_await (resolver.async_resolve(keywords["host"], value_or(keywords, "port", "5432"),
                                                        net::redirect_error(net::use_awaitable, ec)) ||
                                 clock_.sleep_until(deadline));
    if (found.index() == 1 || ec || std::get<0>(found).empty()) {
      co_return net_failure("cannot resolve " + keywords["host"] + " for " + target, false);
    }
    keywords["hostaddr"] = std::get<0>(found).begin()->endpoint().address().to_string();
  }
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  conn_ = PQconnectStartParams(names.data(), values.data(), 0);
  if (conn_ == nullptr) co_return StepFailure{model::Write::unknown, "out of memory", false, false, false};

  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (PQstatus(conn_) == CONNECTION_BAD) status = PGRES_POLLING_FAILED;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    const Wait waited =
        co_await wait_for(status == PGRES_POLLING_READING, status == PGRES_POLLING_WRITING, deadline);
    if (waited == Wait::timed_out) {
      close();
      co_return net_failure("no session in time at " + target, false);
    }
    status = PQconnectPoll(conn_);
  }
  if (status == PGRES_POLLING_OK) {
    PQsetnonblocking(conn_, 1);
    co_return std::nullopt;
  }
  // A refused session has no SQLSTATE in libpq 15; the server's words have to do.
  const std::string message = one_line(PQerrorMessage(conn_));
  const bool needs_password = PQconnectionNeedsPassword(conn_) != 0 || PQconnectionUsedPassword(conn_) != 0;
  close();
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  StepFailure failure = net_failure(message, false);
  if (says("authentication failed") || says("no pg_hba.conf entry") || says("permission denied") ||
      says("role \"") || (needs_password && says("no password supplied")) ||
      says("is not permitted to log in")) {
    failure.failure = model::Write::auth;
  } else if (says("database \"") && says("does not exist")) {
    failure.failure = model::Write::server;
    failure.container_gone = true;
  } else if (says("too many") || says("the database system is") || says("remaining connection slots")) {
    failure.failure = model::Write::server;
  }
  co_return failure;
}

net::awaitable<PgResult> PgConnection::run(std::string sql, std::vector<std::string> parameters,
                                           model::SteadyTime deadline) {
  if (conn_ == nullptr) co_return std::unexpected(net_failure("no session", false));
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  const Busy busy(busy_);
  if (PQsendQueryParams(conn_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) == 0) {
    co_return std::unexpected(broken("send"));
  }
  while (true) {
    const int unsent = PQflush(conn_);
    if (unsent < 0) co_return std::unexpected(broken("send"));
    if (unsent == 0 && PQisBusy(conn_) == 0) break;
    const Wait waited = co_await wait_for(true, unsent == 1, deadline);
    if (waited == Wait::timed_out) {
      close();
      co_return std::unexpected(net_failure("no answer to the statement in time", true));
    }
    if (PQconsumeInput(conn_) == 0) co_return std::unexpected(broken("receive"));
  }
  PgResult answer = PgRows{};
  while (PGresult* result = PQgetResult(conn_)) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      PgRows rows;
      for (int row = 0; row < PQntuples(result); ++row) {
        std::vector<std::string>& line = rows.values.emplace_back();
        for (int column = 0; column < PQnfields(result); ++column)
          line.emplace_back(PQgetvalue(result, row, column));
      }
      rows.command_tag = PQcmdStatus(result);
      rows.affected = static_cast<std::size_t>(std::strtoul(PQcmdTuples(result), nullptr, 10));
      if (answer) answer = std::move(rows);
    } else if (const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
      const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      answer = std::unexpected(classify_sqlstate(state, message != nullptr ? message : ""));
    } else {
      answer = std::unexpected(net_failure("the session was cut: " + one_line(PQerrorMessage(conn_)), true));
    }
    PQclear(result);
  }
  if (PQstatus(conn_) == CONNECTION_BAD) close();
  co_return answer;
}

}  // namespace deadcalm::probes::postgres
