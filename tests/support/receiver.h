#pragma once
// A webhook receiver that keeps what it got and can be told to misbehave.
#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "server/http_server.h"

namespace deadcalm::tests {

struct Received {
  std::string id, type;  // webhook-id; trigger, update, resolve ...
  std::string verdict, masked, alarm, subject, title;
  bool own = false;
  std::string dedup_key;
};

class Receiver {
 public:
  explicit Receiver(net::any_io_executor executor)
      : server_(std::move(executor), [this](server::Request r) { return take(std::move(r)); }),
        port_(server_.start("127.0.0.1:0").value()) {}
  net::awaitable<void> stop() { co_await server_.stop(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }

  std::vector<Received> got;
  int answer_with = 200;

  int count(const std::string& type, bool own = false) const {
    int n = 0;
    for (const Received& r : got) n += r.type == type && r.own == own ? 1 : 0;
    return n;
  }
  // Of the service's incidents (not our own), messages at alarm "page".
  int pages() const {
    int n = 0;
    for (const Received& r : got) n += r.type == "trigger" && !r.own && r.alarm == "page" ? 1 : 0;
    return n;
  }

 private:
  net::awaitable<server::Response> take(server::Request request) {
    const auto body = boost::json::parse(request.body).as_object();
    const auto& data = body.at("data").as_object();
    const auto text = [](const boost::json::object& o, const char* key) {
      return o.contains(key) && o.at(key).is_string() ? std::string(o.at(key).as_string()) : std::string();
    };
    Received r{*request.header("webhook-id"), text(body, "type"),       text(data, "verdict"),
               text(data, "masked"),          text(data, "alarm"),      text(data, "subject"),
               text(data, "title"),           data.at("own").as_bool(), text(data, "dedup_key")};
    r.type = r.type.substr(r.type.rfind('.') + 1);
    if (answer_with == 200) got.push_back(std::move(r));
    server::Response response;
    response.status = answer_with;
    co_return response;
  }

  server::HttpServer server_;
  std::uint16_t port_;
};

}  // namespace deadcalm::tests
