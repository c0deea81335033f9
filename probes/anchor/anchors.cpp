#include "probes/anchor/anchors.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "runtime/connect.h"
#include "runtime/name_lookup.h"

namespace deadcalm::probes {
namespace {

using namespace net::experimental::awaitable_operators;
runtime::TcpTarget target_of(const std::string& host_and_port) {
  const std::size_t colon = host_and_port.rfind(':');
  std::string host = host_and_port.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {std::move(host), host_and_port.substr(colon + 1)};
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
  if (target.kind == AnchorKind::tcp) {
    const runtime::TcpTarget place = target_of(target.target);
    co_return (co_await runtime::connect(place, clock_, deadline)).has_value();
  }
  co_return (co_await runtime::look_up(target.target, clock_, deadline)).has_value();
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
