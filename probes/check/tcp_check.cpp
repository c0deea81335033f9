#include "probes/check/tcp_check.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "config/connection_policy.h"
#include "config/url.h"

namespace deadcalm::probes::check {
namespace {

using namespace net::experimental::awaitable_operators;

constexpr std::size_t kMostRead = 64 << 10;

// Printable and short: an answer may be binary.
std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, 60)) out += c >= ' ' && c < 127 ? c : '.';
  return out;
}

}  // namespace

// How far it got, readable at any time: a time-out cuts it anywhere.
struct TcpCheck::Talk {
  std::string step = "resolve", detail;
  bool done = false, own_fault = false;
  std::string answer;

  void fail(const runtime::ConnectFailure& failure) {
    if (failure.fault != runtime::ConnectFault::resolve) step = "connect";
    detail = failure.message;
    own_fault =
        failure.fault == runtime::ConnectFault::own || failure.fault == runtime::ConnectFault::refused;
  }
  void fail(const boost::system::error_code& ec) {
    if (ec == net::error::operation_aborted) return;  // the time-out, which look() tells
    detail = ec.message();
    own_fault = runtime::is_own_fault(ec);
  }
};

ViewPath decode_tcp_check(config::Reader& reader) {
  TcpCheckOptions options;
  const std::string target = reader.text("target");
  if (!target.empty()) {
    if (const std::string fault = config::fault_in_host_port(target, false); !fault.empty())
      reader.fault("target", fault);
  }
  const std::size_t colon = target.rfind(':');
  options.target.host = target.substr(0, colon);
  if (options.target.host.starts_with('[') && options.target.host.ends_with(']'))
    options.target.host = options.target.host.substr(1, options.target.host.size() - 2);
  if (colon != std::string::npos) options.target.port = target.substr(colon + 1);
  options.target.policy = config::read_connection_policy(reader);
  options.send = reader.text("send", "");
  options.expect = reader.text("expect", "");
  return {"TCP " + target, [options = std::move(options)](ViewPlace place, const ViewDeps& deps) {
            return std::make_unique<TcpCheck>(std::move(place), options, deps);
          }};
}

TcpCheck::TcpCheck(ViewPlace place, TcpCheckOptions options, const ViewDeps& deps)
    : place_(std::move(place)), options_(std::move(options)), clock_(deps.clock) {}

net::awaitable<void> TcpCheck::talk(Talk& talk, model::SteadyTime deadline) {
  auto connected = co_await runtime::connect(options_.target, clock_, deadline);
  if (!connected) co_return talk.fail(connected.error());
  net::ip::tcp::socket socket = *std::move(connected);
  boost::system::error_code ec;
  if (!options_.send.empty()) {
    talk.step = "send";
    co_await net::async_write(socket, net::buffer(options_.send),
                              net::redirect_error(net::use_awaitable, ec));
    if (ec) co_return talk.fail(ec);
  }
  talk.step = "expect";
  while (talk.answer.find(options_.expect) == std::string::npos) {
    std::array<char, 4096> part{};
    const std::size_t size =
        co_await socket.async_read_some(net::buffer(part), net::redirect_error(net::use_awaitable, ec));
    talk.answer.append(part.data(), size);
    if (ec && talk.answer.find(options_.expect) == std::string::npos) {
      if (ec != net::error::eof) co_return talk.fail(ec);
      talk.detail = "closed without what was expected";
      co_return;
    }
    if (talk.answer.size() > kMostRead) {
      talk.detail = "64 KiB without what was expected";
      co_return;
    }
  }
  talk.step.clear();
  talk.done = true;
}

net::awaitable<model::Observation> TcpCheck::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = clock_.now();
  const model::SteadyTime deadline = observation.started.steady + place_.timeout;
  Talk progress;
  co_await (talk(progress, deadline) || clock_.sleep_until(deadline));
  observation.ended = clock_.now();
  if (!progress.done) {
    if (progress.detail.empty())
      progress.detail = "nothing within " + std::to_string(place_.timeout.count()) + " ms";
    observation.step = progress.step;
    observation.detail = progress.detail + " (" + options_.target.host + ':' + options_.target.port + ')';
    if (!progress.answer.empty()) observation.detail += ", got \"" + shown(progress.answer) + '"';
  }
  model::ViewLook look;
  look.client = progress.done        ? model::Client::ok
                : progress.own_fault ? model::Client::unknown
                                     : model::Client::fail;
  observation.look = std::move(look);
  co_return observation;
}

}  // namespace deadcalm::probes::check
