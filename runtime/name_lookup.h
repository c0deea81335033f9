#pragma once
// Names to addresses beside the loop, so that a look-up can be given up. getaddrinfo(3) cannot be stopped and
// waits for half a minute when a name server is silent; Asio's own resolver has one thread for all, so one
// such name would hold up everybody else's. Here each name being looked up has a thread of its own.
#include <boost/asio/ip/address.hpp>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "model/time.h"
#include "runtime/clock.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

using Addresses = std::expected<std::vector<net::ip::address>, std::string>;

// Ends by `deadline`, with why there is no address ("cannot resolve db.example.com: Name or service not
// known"). An address in numbers costs no thread. Two that want the same name at the same time share a
// look-up. When kMostLookups names are under way, another one fails at once. Loop thread only; throws on
// cancellation alone.
constexpr std::size_t kMostLookups = 64;
net::awaitable<Addresses> look_up(std::string host, Clock& clock, model::SteadyTime deadline);

// For tests: what this loop asks instead of getaddrinfo. Called from threads, may block.
void set_name_service(net::execution_context& loop, std::function<Addresses(const std::string& host)> ask);

}  // namespace deadcalm::runtime
