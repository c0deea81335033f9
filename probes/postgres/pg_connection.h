#pragma once
// One PostgreSQL session on the Asio loop: libpq's non-blocking calls, nothing that waits.
#include <libpq-fe.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/secret.h"
#include "probes/backend.h"
#include "probes/postgres/dsn.h"
#include "runtime/clock.h"
#include "runtime/net.h"

namespace deadcalm::probes::postgres {

struct PgRows {
  std::vector<std::vector<std::string>> values;  // NULL is empty text
  std::string command_tag;                       // "DELETE 1"
  std::size_t affected = 0;
};

using PgResult = std::expected<PgRows, StepFailure>;

// Loop thread only; one statement at a time. A session that timed out or was cut is closed. It holds no
// state of its own (no SET, no named statement, no LISTEN), so that a pooler may be in between.
class PgConnection {
 public:
  PgConnection(runtime::Clock& clock, net::any_io_executor executor);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  bool is_open() const { return conn_ != nullptr; }
  bool busy() const { return busy_; }  // somebody is in open() or run()

  // conninfo or URI, as libpq reads it. Names are resolved beside the loop (libpq would block it).
  net::awaitable<std::optional<StepFailure>> open(model::Secret dsn, std::string application_name,
                                                  model::SteadyTime deadline, PgTls tls = {},
                                                  model::ConnectionPolicy policy = {});
  // Parameters are texts, $1 ... A statement alone is its own transaction; the answer waits for its commit.
  net::awaitable<PgResult> run(std::string sql, std::vector<std::string> parameters,
                               model::SteadyTime deadline);
  // Several commands without parameters in one message.
  net::awaitable<PgResult> run_simple(std::string commands, model::SteadyTime deadline);
  void close();

 private:
  enum class Wait { ready, timed_out };
  net::awaitable<Wait> wait_for(bool read, bool write, model::SteadyTime deadline);
  net::awaitable<std::optional<StepFailure>> find_way(Keywords& keywords, model::ConnectionPolicy policy,
                                                      model::SteadyTime deadline);
  net::awaitable<std::optional<StepFailure>> handshake(model::SteadyTime deadline);
  net::awaitable<std::optional<StepFailure>> until_a_result(model::SteadyTime deadline);
  net::awaitable<PgResult> receive(model::SteadyTime deadline);
  void watch_socket();
  StepFailure broken(const char* doing);

  runtime::Clock& clock_;
  net::any_io_executor executor_;
  PGconn* conn_ = nullptr;
  std::unique_ptr<net::posix::stream_descriptor> socket_;  // libpq owns the descriptor
  bool busy_ = false;
};

}  // namespace deadcalm::probes::postgres
