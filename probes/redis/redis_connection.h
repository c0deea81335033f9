#pragma once
// One Redis session on the Asio loop: TCP or TLS, one command at a time.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/connection_policy.h"
#include "model/secret.h"
#include "probes/backend.h"
#include "probes/redis/resp.h"
#include "runtime/clock.h"

namespace deadcalm::probes::redis {

struct TlsOptions {
  std::string ca_file;              // PEM; empty: the system's store
  std::string cert_file, key_file;  // ours, where the server asks for one
  bool verify = true;
};

struct RedisTarget {
  std::string host;
  std::uint16_t port = 6379;
  int database = 0;
  std::optional<TlsOptions> tls;
  std::string username;  // empty: the user "default"
  model::ConnectionPolicy policy{};
};

// Loop thread only; one command at a time. A session that timed out, was cut or spoke no RESP is closed.
class RedisConnection {
 public:
  using Answer = std::expected<Reply, StepFailure>;  // error replies are failures

  RedisConnection(runtime::Clock& clock, net::any_io_executor executor);

  bool is_open() const { return socket_ != nullptr; }
  bool busy() const { return busy_; }  // somebody is in open() or run()

  // Connects, shows who we are, chooses the database and gives the session a name.
  net::awaitable<std::optional<StepFailure>> open(RedisTarget target, model::Secret password,
                                                  std::string client_name, model::SteadyTime deadline);
  net::awaitable<Answer> run(std::vector<std::string> command, model::SteadyTime deadline);
  void close();

 private:
  using Tcp = net::ip::tcp;
  using Tls = net::ssl::stream<Tcp::socket&>;

  net::awaitable<std::optional<StepFailure>> connect(const RedisTarget& target, model::SteadyTime deadline);
  net::awaitable<std::optional<StepFailure>> start_tls(const RedisTarget& target, model::SteadyTime deadline);
  net::awaitable<std::optional<StepFailure>> greet(const RedisTarget& target, model::Secret password,
                                                   std::string client_name, model::SteadyTime deadline);
  net::awaitable<Answer> exchange(std::vector<std::string> command, model::SteadyTime deadline);
  std::unexpected<StepFailure> broken(std::string detail, bool maybe_done, bool contract = false);

  runtime::Clock& clock_;
  net::any_io_executor executor_;
  std::unique_ptr<Tcp::socket> socket_;
  std::unique_ptr<net::ssl::context> tls_context_;
  std::unique_ptr<Tls> tls_;  // over socket_
  std::unique_ptr<ReplyReader> reader_;
  std::string place_;  // "cache.example.com:6379", for people
  bool busy_ = false;
};

}  // namespace deadcalm::probes::redis
