#include "probes/redis/redis_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include "probes/busy.h"
#include "probes/redis/errors.h"
#include "runtime/connect.h"

namespace deadcalm::probes::redis {
namespace {

using namespace net::experimental::awaitable_operators;
using boost::system::error_code;

constexpr std::size_t kMaxReplyBytes = 4 << 20;

StepFailure net_failure(std::string detail, bool maybe_done) {
  return {model::Write::net, std::move(detail), maybe_done, false, false};
}

}  // namespace

RedisConnection::RedisConnection(runtime::Clock& clock, net::any_io_executor executor)
    : clock_(clock), executor_(std::move(executor)) {}

void RedisConnection::close() {
  tls_.reset();
  tls_context_.reset();
  socket_.reset();
  reader_.reset();
}

std::unexpected<StepFailure> RedisConnection::broken(std::string detail, bool maybe_done, bool contract) {
  StepFailure failure = net_failure(std::move(detail) + " (" + place_ + ')', maybe_done);
  if (contract) failure.failure = model::Write::contract;
  close();
  return std::unexpected(std::move(failure));
}

net::awaitable<std::optional<StepFailure>> RedisConnection::connect(const RedisTarget& target,
                                                                    model::SteadyTime deadline) {
  auto connected =
      co_await runtime::connect({target.host, std::to_string(target.port), target.policy}, clock_, deadline);
  if (!connected) {
    const runtime::ConnectFault fault = connected.error().fault;
    StepFailure failure = broken(connected.error().message, false).error();
    if (fault == runtime::ConnectFault::own) failure.failure = model::Write::unknown;
    if (fault == runtime::ConnectFault::refused) failure.failure = model::Write::contract;
    co_return failure;
  }
  socket_ = std::make_unique<Tcp::socket>(*std::move(connected));
  error_code ec;
  socket_->set_option(Tcp::no_delay(true), ec);
  co_return std::nullopt;
}

net::awaitable<std::optional<StepFailure>> RedisConnection::start_tls(const RedisTarget& target,
                                                                      model::SteadyTime deadline) {
  const TlsOptions options = target.tls.value_or(TlsOptions{});
  error_code ec;
  tls_context_ = std::make_unique<net::ssl::context>(net::ssl::context::tls_client);
  const auto wrong = [&](const std::string& file) { return broken(file + ": " + ec.message(), false, true); };
  if (options.ca_file.empty()) {
    tls_context_->set_default_verify_paths(ec);
  } else {
    tls_context_->load_verify_file(options.ca_file, ec);
  }
  if (ec) co_return wrong(options.ca_file).error();
  if (!options.cert_file.empty()) {
    tls_context_->use_certificate_chain_file(options.cert_file, ec);
    if (ec) co_return wrong(options.cert_file).error();
    tls_context_->use_private_key_file(options.key_file, net::ssl::context::pem, ec);
    if (ec) co_return wrong(options.key_file).error();
  }
  tls_ = std::make_unique<Tls>(*socket_, *tls_context_);
  if (options.verify) {
    tls_->set_verify_mode(net::ssl::verify_peer);
    tls_->set_verify_callback(net::ssl::host_name_verification(target.host));
  }
  SSL_set_tlsext_host_name(tls_->native_handle(), target.host.c_str());
  const auto shaken = co_await (
      tls_->async_handshake(net::ssl::stream_base::client, net::redirect_error(net::use_awaitable, ec)) ||
      clock_.sleep_until(deadline));
  if (shaken.index() == 1) co_return broken("no TLS session in time", false).error();
  if (ec) {
    const long verdict =
        SSL_get_verify_result(tls_->native_handle());  // why, where the certificate is refused
    const std::string why =
        verdict == X509_V_OK ? "" : std::string(": ") + X509_verify_cert_error_string(verdict);
    co_return broken("TLS: " + ec.message() + why, false).error();
  }
  co_return std::nullopt;
}

net::awaitable<std::optional<StepFailure>> RedisConnection::open(RedisTarget target, model::Secret password,
                                                                 std::string client_name,
                                                                 model::SteadyTime deadline) {
  const Busy busy(busy_);
  close();
  place_ = target.host + ':' + std::to_string(target.port);
  if (auto failure = co_await connect(target, deadline)) co_return failure;
  if (target.tls) {
    if (auto failure = co_await start_tls(target, deadline)) co_return failure;
  }
  reader_ = std::make_unique<ReplyReader>(kMaxReplyBytes);
  auto failure = co_await greet(target, std::move(password), std::move(client_name), deadline);
  if (failure) close();
  co_return failure;
}

net::awaitable<std::optional<StepFailure>> RedisConnection::greet(const RedisTarget& target,
                                                                  model::Secret password,
                                                                  std::string client_name,
                                                                  model::SteadyTime deadline) {
  std::vector<std::vector<std::string>> greeting;
  if (!password.empty()) {
    std::vector<std::string>& auth = greeting.emplace_back(std::vector<std::string>{"AUTH"});
    if (!target.username.empty()) auth.push_back(target.username);
    auth.push_back(password.reveal());
  }
  if (target.database != 0) greeting.push_back({"SELECT", std::to_string(target.database)});
  for (std::vector<std::string>& command : greeting) {
    const Answer answer = co_await exchange(std::move(command), deadline);
    if (!answer) co_return answer.error();
  }
  // A name is a courtesy to who looks at CLIENT LIST: a user that may not give one works as well.
  const std::vector<std::string> naming{"CLIENT", "SETNAME", std::move(client_name)};
  const Answer named = co_await exchange(naming, deadline);
  if (!named && !is_open()) co_return named.error();
  co_return std::nullopt;
}

net::awaitable<RedisConnection::Answer> RedisConnection::run(std::vector<std::string> command,
                                                             model::SteadyTime deadline) {
  if (!is_open()) co_return std::unexpected(net_failure("no session", false));
  const Busy busy(busy_);
  co_return co_await exchange(std::move(command), deadline);
}

net::awaitable<RedisConnection::Answer> RedisConnection::exchange(std::vector<std::string> command,
                                                                  model::SteadyTime deadline) {
  const std::string bytes = encode_command(command);
  error_code ec;
  const auto end = [&] { return net::redirect_error(net::use_awaitable, ec); };
  const auto out = net::buffer(bytes);
  const auto sent = tls_ ? co_await (net::async_write(*tls_, out, end()) || clock_.sleep_until(deadline))
                         : co_await (net::async_write(*socket_, out, end()) || clock_.sleep_until(deadline));
  if (sent.index() == 1) co_return broken("the command could not be sent in time", true);
  if (ec) co_return broken("send: " + ec.message(), true);
  std::array<char, 4096> chunk{};
  while (true) {
    auto next = reader_->next();
    if (!next) co_return broken(next.error().message, true, true);
    if (std::optional<Reply> reply = *std::move(next)) {
      if (reply->is_error()) co_return std::unexpected(classify_error(reply->text));
      co_return *std::move(reply);
    }
    const auto in = net::buffer(chunk);
    const auto got = tls_ ? co_await (tls_->async_read_some(in, end()) || clock_.sleep_until(deadline))
                          : co_await (socket_->async_read_some(in, end()) || clock_.sleep_until(deadline));
    if (got.index() == 1) co_return broken("no answer in time", true);
    if (ec)
      co_return broken(ec == net::error::eof ? "the session was cut" : "receive: " + ec.message(), true);
    reader_->feed({chunk.data(), std::get<0>(got)});
  }
}

}  // namespace deadcalm::probes::redis
