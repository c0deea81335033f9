// The stand-in's real-time door, as the DataStore client and a propagation view use it: subscribe first,
// write second, and the write is pushed.
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "model/encoding.h"
#include "runtime/http_client.h"
#include "tests/support/node_server.h"
#include "tests/support/run_task.h"

using namespace deadcalm;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

struct Rig {
  net::io_context io;
  runtime::HttpClient client{io.get_executor()};
  tests::NodeServer api{"appsync", {{"API_KEY", "da2-s3cret"}}};
  websocket::stream<beast::tcp_stream> socket{io};

  Rig() { api.start(); }

  // The header goes as a subprotocol, in base64url without padding.
  net::awaitable<bool> connect_task(std::string key) {
    std::string header =
        model::base64(json::serialize(json::object{{"host", "127.0.0.1"}, {"x-api-key", key}}));
    while (header.ends_with('=')) header.pop_back();
    for (char& c : header) c = c == '+' ? '-' : c == '/' ? '_' : c;
    const net::ip::tcp::endpoint address(net::ip::make_address("127.0.0.1"), api.port());
    beast::get_lowest_layer(socket).expires_after(10s);
    co_await beast::get_lowest_layer(socket).async_connect(address, net::use_awaitable);
    socket.set_option(websocket::stream_base::decorator([header](websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, "graphql-ws, header-" + header);
    }));
    try {
      co_await socket.async_handshake("127.0.0.1", "/graphql/realtime", net::use_awaitable);
    } catch (const boost::system::system_error&) {
      co_return false;
    }
    co_return true;
  }
  net::awaitable<void> send_task(json::object message) {
    const std::string text = json::serialize(message);
    co_await socket.async_write(net::buffer(text), net::use_awaitable);
  }
  net::awaitable<json::value> receive_task() {
    beast::flat_buffer buffer;
    co_await socket.async_read(buffer, net::use_awaitable);
    co_return json::parse(beast::buffers_to_string(buffer.data()));
  }
  net::awaitable<int> post_task(std::string query, json::object input) {
    runtime::HttpRequest request;
    request.method = "POST";
    request.url = api.url() + "/graphql";
    request.headers = {{"x-api-key", "da2-s3cret"}};
    request.body = json::serialize(json::object{{"query", query}, {"variables", {{"input", input}}}});
    const auto answer = co_await client.fetch(std::move(request));
    co_return answer ? answer->status : 0;
  }
  bool connect(const std::string& key) { return tests::run_task(io, connect_task(key)); }
  void send(json::object message) { tests::run_task(io, send_task(std::move(message))); }
  json::value receive() { return tests::run_task(io, receive_task()); }
};

json::object start(const char* id, const char* field) {
  const std::string data = json::serialize(
      json::object{{"query", std::string("subscription { ") + field + " { id token } }"}, {"variables", {}}});
  return {{"id", id}, {"type", "start"}, {"payload", {{"data", data}}}};
}

}  // namespace

TEST_CASE("appsync stand-in: who subscribes is told of each write, and of no other model's") {
  Rig rig;
  REQUIRE(rig.connect("da2-s3cret"));
  rig.send({{"type", "connection_init"}});
  CHECK(rig.receive().at("type") == "connection_ack");
  CHECK(rig.receive().at("type") == "ka");
  rig.send(start("s1", "onCreateCanary"));
  CHECK(rig.receive() == json::value{{"id", "s1"}, {"type", "start_ack"}});

  const auto create = [&](const char* model, const char* id) {
    const std::string query =
        std::string("mutation M($input: I!) { create") + model + "(input: $input) { id } }";
    return tests::run_task(rig.io, rig.post_task(query, {{"id", id}, {"token", std::string(300, 'x')}}));
  };
  CHECK(create("Order", "o1") == 200);
  CHECK(create("Canary", "c1") == 200);
  const json::value pushed = rig.receive();
  CHECK(pushed.at("type") == "data");
  CHECK(pushed.at("id") == "s1");
  const json::value& record = pushed.at("payload").at("data").at("onCreateCanary");
  CHECK(record.at("id") == "c1");
  CHECK(record.at("_version") == 1);
  rig.send({{"id", "s1"}, {"type", "stop"}});
  CHECK(rig.receive() == json::value{{"id", "s1"}, {"type", "complete"}});
}

TEST_CASE("appsync stand-in: a wrong key opens no socket") {
  Rig rig;
  CHECK_FALSE(rig.connect("da2-wrong"));
}
