#include "runtime/connect.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <charconv>

#include "runtime/name_lookup.h"

namespace deadcalm::runtime {
namespace {

using tcp = net::ip::tcp;
using namespace net::experimental::awaitable_operators;

std::uint16_t number_of(const std::string& port) {
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number;
}

}  // namespace

bool is_own_fault(const boost::system::error_code& error) {
  return error == net::error::no_descriptors || error == net::error::no_memory ||
         error == net::error::no_buffer_space ||
         error == boost::system::errc::too_many_files_open_in_system ||
         error == boost::system::errc::address_not_available;
}

net::awaitable<std::expected<tcp::socket, ConnectFailure>> connect(const TcpTarget& target, Clock& clock,
                                                                   model::SteadyTime deadline) {
  const auto addresses = co_await look_up(target.host, clock, deadline);
  if (!addresses) co_return std::unexpected(ConnectFailure{ConnectFault::resolve, addresses.error()});
  std::vector<tcp::endpoint> endpoints;
  for (const net::ip::address& address : *addresses) {
    if (std::string why = refusal(target.policy, address.to_string()); !why.empty())
      co_return std::unexpected(ConnectFailure{ConnectFault::refused, std::move(why)});
    endpoints.emplace_back(address, number_of(target.port));
  }
  tcp::socket socket(co_await net::this_coro::executor);
  boost::system::error_code error;
  const auto first =
      co_await (net::async_connect(socket, endpoints, net::redirect_error(net::use_awaitable, error)) ||
                clock.sleep_until(deadline));
  if (first.index() == 1)
    co_return std::unexpected(ConnectFailure{ConnectFault::connect, "no connection in time"});
  if (error)
    co_return std::unexpected(
        ConnectFailure{is_own_fault(error) ? ConnectFault::own : ConnectFault::connect, error.message()});
  co_return std::move(socket);
}

}  // namespace deadcalm::runtime
