#pragma once
// The one alias for Asio, and the awaitable everybody returns.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace deadcalm {
namespace net = boost::asio;
}
