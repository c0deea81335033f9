// libpq may change its socket during PQconnectPoll (next address, TLS after plain), so the watch is
// made anew at each step, and always released before libpq closes the descriptor. (libpq manual,
// "Asynchronous Command Processing" and PQconnectPoll.)
#include "probes/postgres/pg_connection.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cstdlib>

#include "probes/busy.h"
#include "probes/postgres/refusal.h"
#include "probes/postgres/sqlstate.h"
#include "runtime/name_lookup.h"

namespace deadcalm::probes::postgres {
namespace {

using namespace net::experimental::awaitable_operators;
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// "... LOCATION:  auth_failed, auth.c:330": where in the server's source it was, for its makers.
std::string without_location(std::string text) {
  if (const std::size_t at = text.find(" LOCATION:  "); at != std::string::npos) text.resize(at);
  return text;
}

// libpq 15 says only "certificate verify failed", and frees its TLS session before anybody can ask why.
class HeldTls {
 public:
  void hold(PGconn* conn) {
    auto* now = static_cast<SSL*>(PQsslStruct(conn, "OpenSSL"));
    if (now == nullptr || now == ssl_.get()) return;
    SSL_up_ref(now);
    ssl_.reset(now);
  }
  // Why the server's certificate was not accepted; empty: it was, or there is no TLS.
  std::string verdict() const {
    const long result = ssl_ ? SSL_get_verify_result(ssl_.get()) : X509_V_OK;
    return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
  }

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
};

PgRows rows_of(PGresult* result) {
  PgRows rows;
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<std::string>& line = rows.values.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column)
      line.emplace_back(PQgetvalue(result, row, column));
  }
  rows.command_tag = PQcmdStatus(result);
  rows.affected = static_cast<std::size_t>(std::strtoul(PQcmdTuples(result), nullptr, 10));
  return rows;
}

StepFailure net_failure(std::string detail, bool maybe_done) {
  return {model::Write::net, std::move(detail), maybe_done, false, false};
}

}  // namespace

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

// The addresses that `keywords` lead to, decided on by the policy; names are resolved here, since libpq would
// block the loop. A socket of this machine has none.
net::awaitable<std::optional<StepFailure>> PgConnection::find_way(Keywords& keywords,
                                                                  model::ConnectionPolicy policy,
                                                                  model::SteadyTime deadline) {
  const auto refused = [](std::string why) {
    return StepFailure{model::Write::contract, std::move(why), false};
  };
  const std::string host = value_or(keywords, "host", "");
  std::string address = value_or(keywords, "hostaddr", host);
  if (address.find(',') != std::string::npos) {
    if (!policy.allow_private) co_return refused("several hosts, and allow_private: false decides on one");
    co_return std::nullopt;
  }
  if (const std::string name = name_to_resolve(keywords); !name.empty()) {
    const auto found = co_await runtime::look_up(name, clock_, deadline);
    if (!found) co_return net_failure(found.error(), false);
    address = keywords["hostaddr"] = found->front().to_string();
  }
  if (std::string why = refusal(policy, address); !why.empty()) co_return refused(std::move(why));
  co_return std::nullopt;
}

net::awaitable<std::optional<StepFailure>> PgConnection::open(model::Secret dsn, std::string application_name,
                                                              model::SteadyTime deadline, PgTls tls,
                                                              model::ConnectionPolicy policy) {
  const Busy busy(busy_);
  close();
  const auto parsed = parse_dsn(dsn);
  if (!parsed) co_return StepFailure{model::Write::contract, parsed.error(), false, false, false};
  Keywords keywords = with_tls(*parsed, tls);
  keywords["application_name"] = std::move(application_name);
  if (auto no_way = co_await find_way(keywords, policy, deadline)) co_return no_way;
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
  // A refused session has no field for its SQLSTATE in libpq 15; so verbose it is part of the message.
  PQsetErrorVerbosity(conn_, PQERRORS_VERBOSE);
  auto failure = co_await handshake(deadline);
  if (failure && failure->detail.empty()) failure->detail = "no session in time at " + target_of(dsn);
  co_return failure;
}

net::awaitable<std::optional<StepFailure>> PgConnection::handshake(model::SteadyTime deadline) {
  HeldTls tls;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (PQstatus(conn_) == CONNECTION_BAD) status = PGRES_POLLING_FAILED;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    const Wait waited =
        co_await wait_for(status == PGRES_POLLING_READING, status == PGRES_POLLING_WRITING, deadline);
    if (waited == Wait::timed_out) {
      close();
      co_return net_failure("", false);
    }
    status = PQconnectPoll(conn_);
    tls.hold(conn_);
  }
  if (status == PGRES_POLLING_OK) {
    PQsetnonblocking(conn_, 1);
    co_return std::nullopt;
  }
  const std::string message = without_location(one_line(PQerrorMessage(conn_)));
  close();
  co_return classify_refusal(message, tls.verdict());
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
  co_return co_await receive(deadline);
}

net::awaitable<PgResult> PgConnection::run_simple(std::string commands, model::SteadyTime deadline) {
  if (conn_ == nullptr) co_return std::unexpected(net_failure("no session", false));
  const Busy busy(busy_);
  if (PQsendQuery(conn_, commands.c_str()) == 0) co_return std::unexpected(broken("send"));
  co_return co_await receive(deadline);
}

net::awaitable<std::optional<StepFailure>> PgConnection::until_a_result(model::SteadyTime deadline) {
  while (true) {
    const int unsent = PQflush(conn_);
    if (unsent < 0) co_return broken("send");
    if (unsent == 0 && PQisBusy(conn_) == 0) co_return std::nullopt;
    const Wait waited = co_await wait_for(true, unsent == 1, deadline);
    if (waited == Wait::timed_out) {
      close();
      co_return net_failure("no answer to the statement in time", true);
    }
    if (PQconsumeInput(conn_) == 0) co_return broken("receive");
  }
}

net::awaitable<PgResult> PgConnection::receive(model::SteadyTime deadline) {
  PgResult answer = PgRows{};
  while (true) {
    if (auto failure = co_await until_a_result(deadline)) co_return std::unexpected(*std::move(failure));
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(conn_), &PQclear);
    if (!result) break;
    if (!answer) continue;  // the first error says it
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      answer = rows_of(result.get());
    } else if (const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE)) {
      const char* message = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
      answer = std::unexpected(classify_sqlstate(state, message != nullptr ? message : ""));
    } else {
      const std::string said = without_location(one_line(PQerrorMessage(conn_)));
      answer = std::unexpected(net_failure("the session was cut: " + said, true));
    }
  }
  if (PQstatus(conn_) == CONNECTION_BAD) close();
  co_return answer;
}

}  // namespace deadcalm::probes::postgres
