#pragma once
// A TCP connection to a host and port: name look-up, connection policy, connect, all by one deadline.
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <expected>
#include <string>

#include "model/connection_policy.h"
#include "model/time.h"
#include "runtime/clock.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

struct TcpTarget {
  std::string host;  // a name, or an address without brackets
  std::string port;  // a number
  model::ConnectionPolicy policy{};
};

enum class ConnectFault {
  resolve,  // the name has no address, or not in time
  refused,  // by the connection policy
  connect,  // nobody listens, unreachable, not in time
  own,      // out of file descriptors or memory, no local address
};

struct ConnectFailure {
  ConnectFault fault = ConnectFault::own;
  std::string message;  // "Connection refused"
};

// Our own fault: nothing is known about the other side.
bool is_own_fault(const boost::system::error_code& error);

// Tries the addresses in their order. One that the policy refuses fails the whole: the others may lead there
// next time. Loop thread only; throws on cancellation alone.
net::awaitable<std::expected<net::ip::tcp::socket, ConnectFailure>> connect(const TcpTarget& target,
                                                                            Clock& clock,
                                                                            model::SteadyTime deadline);

}  // namespace deadcalm::runtime
