#include "probes/anchor/anchors.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>

namespace deadcalm::probes {
namespace {

using namespace net::experimental::awaitable_operators;
using tcp = net::ip::tcp;

net::awaitable<bool> resolves(std::string name) {
  tcp::resolver resolver(co_await net::this_coro::executor);
  boost::system::error_code ec;
  const auto found = co_await resolver.async_resolve(name, "", net::redirect_error(net::use_awaitable, ec));
  co_return !ec && !found.empty();
}

net::awaitable<bool> connects(std::string host_and_port) {
  const std::size_t colon = host_and_port.rfind(':');
  std::string host = host_and_port.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto executor = co_await net::this_coro::executor;
  tcp::resolver resolver(executor);
  boost::system::error_code ec;
  const auto found = co_await resolver.async_resolve(host, host_and_port.substr(colon + 1),
                                                     net::redirect_error(net::use_awaitable, ec));
  if (ec) co_return false;
  tcp::socket socket(executor);
  co_await net::async_connect(socket, found, net::redirect_error(net::use_awaitable, ec));
  co_return !ec;
}

}  // namespace

Anchors::Anchors(std::vector<AnchorTarget> targets, model::Millis timeout, runtime::Clock& clock,
                 runtime::HttpClient& client, std::set<std::string> proved)
    : targets_(std::move(targets)),
      timeout_(timeout),
      clock_(clock),
      client_(client),
      proved_(std::move(proved)) {}

net::awaitable<bool> Anchors::ask(AnchorTarget target) {
  if (target.kind == AnchorKind::http) {
    runtime::HttpRequest request;
    request.url = target.target;
    request.timeout = timeout_;
    request.headers = {{"User-Agent", "deadcalm/" DEADCALM_VERSION}};
    const auto answer = co_await client_.fetch(std::move(request));
    co_return answer.has_value();
  }
  const model::SteadyTime deadline = clock_.now().steady + timeout_;
  auto work = target.kind == AnchorKind::tcp ? connects(target.target) : resolves(target.target);
  const auto first = co_await (std::move(work) || clock_.sleep_until(deadline));
  co_return first.index() == 0 && std::get<0>(first);
}

net::awaitable<model::Observation> Anchors::look() {
  model::Observation observation;
  observation.probe = "anchors";
  observation.started = clock_.now();
  std::vector<char> answered(targets_.size(), 0);
  // All at once: a look must not take as long as the sum of its time-outs.
  const auto ask_one = [](Anchors& self, std::size_t i, std::vector<char>& results) -> net::awaitable<void> {
    const bool yes = co_await self.ask(self.targets_[i]);
    results[i] = yes ? 1 : 0;
  };
  const auto ask_from = [&](auto& again, std::size_t i) -> net::awaitable<void> {
    if (i + 1 == targets_.size()) {
      co_await ask_one(*this, i, answered);
    } else {
      co_await (ask_one(*this, i, answered) && again(again, i + 1));
    }
  };
  if (!targets_.empty()) co_await ask_from(ask_from, 0);

  model::AnchorLook look;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (answered[i] != 0) proved_.insert(targets_[i].target);
    if (!proved_.contains(targets_[i].target)) continue;
    ++look.voting;
    look.answered += answered[i];
  }
  observation.ended = clock_.now();
  observation.detail =
      std::to_string(look.answered) + " of " + std::to_string(look.voting) + " anchors answer";
  observation.look = look;
  co_return observation;
}

std::vector<std::string> Anchors::never_answered() const {
  std::vector<std::string> names;
  for (const AnchorTarget& target : targets_) {
    if (!proved_.contains(target.target)) names.push_back(target.target);
  }
  return names;
}

}  // namespace deadcalm::probes
