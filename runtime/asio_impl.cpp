// The compiled part of Asio and Beast, once (see BOOST_ASIO_SEPARATE_COMPILATION in
// packaging/build_flags.cmake).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
