#include "runtime/name_lookup.h"

#include <netdb.h>

#include <algorithm>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace deadcalm::runtime {
namespace {

// Blocks.
Addresses ask_system(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;  // else each address comes once for each kind of socket
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &list);
  if (code != 0) return std::unexpected("cannot resolve " + host + ": " + gai_strerror(code));
  std::vector<net::ip::address> addresses;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    net::ip::tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    endpoint.resize(one->ai_addrlen);
    std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
    addresses.push_back(endpoint.address());
  }
  ::freeaddrinfo(list);
  if (addresses.empty()) return std::unexpected("cannot resolve " + host + ": no address");
  return addresses;
}

// Shared by the loop and the threads, which may outlive it: a thread in getaddrinfo is never waited for.
class Lookups {
 public:
  using Answer = std::function<void(const Addresses&)>;  // called from the look-up's thread
  using Ticket = std::uint64_t;

  static std::expected<Ticket, std::string> ask(const std::shared_ptr<Lookups>& self, const std::string& host,
                                                Answer answer) {
    const std::scoped_lock lock(self->mutex_);
    auto it = self->running_.find(host);
    if (it == self->running_.end()) {
      if (self->running_.size() >= kMostLookups)
        return std::unexpected("cannot resolve " + host + ": " + std::to_string(kMostLookups) +
                               " other names are being looked up and do not answer");
      it = self->running_.try_emplace(host).first;
      try {
        std::thread([self, host, name_service = self->name_service_] {
          self->finish(host, name_service(host));
        }).detach();
      } catch (const std::system_error& error) {
        self->running_.erase(it);
        return std::unexpected("cannot resolve " + host + ": no thread for it: " + error.what());
      }
    }
    it->second.emplace(++self->last_, std::move(answer));
    return self->last_;
  }

  void set_name_service(std::function<Addresses(const std::string&)> ask) {
    const std::scoped_lock lock(mutex_);
    name_service_ = std::move(ask);
  }

  // Nobody is told any more: the loop is gone.
  void close() {
    const std::scoped_lock lock(mutex_);
    running_.clear();
  }

  void give_up(const std::string& host, Ticket ticket) {
    const std::scoped_lock lock(mutex_);
    if (const auto it = running_.find(host); it != running_.end()) it->second.erase(ticket);
  }

 private:
  void finish(const std::string& host, const Addresses& found) {
    const std::scoped_lock lock(mutex_);
    const auto it = running_.find(host);
    if (it == running_.end()) return;  // closed
    for (const auto& [ticket, answer] : it->second) answer(found);
    running_.erase(it);
  }

  std::mutex mutex_;
  std::map<std::string, std::map<Ticket, Answer>> running_;  // by name
  Ticket last_ = 0;
  std::function<Addresses(const std::string&)> name_service_ = &ask_system;
};

// One for each loop, gone with it.
struct LookupService final : net::execution_context::service {
  using key_type = LookupService;
  static inline net::execution_context::id id;

  explicit LookupService(net::execution_context& context) : net::execution_context::service(context) {}
  void shutdown() override { lookups->close(); }

  const std::shared_ptr<Lookups> lookups = std::make_shared<Lookups>();
};

// What the thread writes to, for as long as anybody holds it.
struct Waiting {
  Event answered;
  Addresses found;
};

}  // namespace

void set_name_service(net::execution_context& loop, std::function<Addresses(const std::string& host)> ask) {
  net::use_service<LookupService>(loop).lookups->set_name_service(std::move(ask));
}

net::awaitable<Addresses> look_up(std::string host, Clock& clock, model::SteadyTime deadline) {
  boost::system::error_code not_a_number;
  const auto number = net::ip::make_address(host, not_a_number);
  if (!not_a_number) co_return std::vector{number};

  const auto executor = co_await net::this_coro::executor;
  auto& context = net::query(executor, net::execution::context);
  const std::shared_ptr<Lookups> lookups = net::use_service<LookupService>(context).lookups;
  const auto waiting = std::make_shared<Waiting>();
  const auto loop = net::prefer(executor, net::execution::outstanding_work.tracked);
  const auto ticket = Lookups::ask(lookups, host, [loop, waiting](const Addresses& found) {
    net::post(loop, [waiting, found] {
      waiting->found = found;
      waiting->answered.set();
    });
  });
  if (!ticket) co_return std::unexpected(ticket.error());
  struct GiveUp {
    const std::shared_ptr<Lookups>& lookups;
    const std::string& host;
    Lookups::Ticket ticket;
    ~GiveUp() { lookups->give_up(host, ticket); }
  } const give_up{lookups, host, *ticket};
  co_await clock.wait(waiting->answered, deadline);
  if (!waiting->answered.is_set())
    co_return std::unexpected("cannot resolve " + host + ": no answer from the name service in time");
  co_return std::move(waiting->found);
}

}  // namespace deadcalm::runtime
