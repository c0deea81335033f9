#include "probes/check/tcp_check.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "config/url.h"

namespace deadcalm::probes::check {
namespace {

using tcp = net::ip::tcp;
using namespace net::experimental::awaitable_operators;

constexpr std::size_t kMostRead = 64 << 10;

// Our own fault: nothing is known about the target.
bool is_own(const boost::system::error_code& ec) {
  return ec == net::error::no_descriptors || ec == net::error::no_memory ||
         ec == net::error::no_buffer_space || ec == boost::system::errc::too_many_files_open_in_system ||
         ec == boost::system::errc::address_not_available;
}

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

  void fail(const boost::system::error_code& ec) {
    if (ec == net::error::operation_aborted) return;  // the time-out, which look() tells
    detail = ec.message();
    own_fault = is_own(ec);
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
  options.host = target.substr(0, colon);
  if (options.host.starts_with('[') && options.host.ends_with(']'))
    options.host = options.host.substr(1, options.host.size() - 2);
  if (colon != std::string::npos) options.port = target.substr(colon + 1);
  options.send = reader.text("send", "");
  options.expect = reader.text("expect", "");
  return {"TCP " + target, [options = std::move(options)](ViewPlace place, const ViewDeps& deps) {
            return std::make_unique<TcpCheck>(std::move(place), options, deps);
          }};
}

TcpCheck::TcpCheck(ViewPlace place, TcpCheckOptions options, const ViewDeps& deps)
    : place_(std::move(place)), options_(std::move(options)), clock_(deps.clock) {}

net::awaitable<void> TcpCheck::talk(Talk& talk) {
  const auto executor = co_await net::this_coro::executor;
  boost::system::error_code ec;
  tcp::resolver resolver(executor);
  const auto addresses = co_await resolver.async_resolve(options_.host, options_.port,
                                                         net::redirect_error(net::use_awaitable, ec));
  if (ec) co_return talk.fail(ec);
  talk.step = "connect";
  tcp::socket socket(executor);
  co_await net::async_connect(socket, addresses, net::redirect_error(net::use_awaitable, ec));
  if (ec) co_return talk.fail(ec);
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
  co_await (talk(progress) || clock_.sleep_until(deadline));
  observation.ended = clock_.now();
  if (!progress.done) {
    if (progress.detail.empty())
      progress.detail = "nothing within " + std::to_string(place_.timeout.count()) + " ms";
    observation.step = progress.step;
    observation.detail = progress.detail + " (" + options_.host + ':' + options_.port + ')';
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
