#pragma once
// Stand-ins that live on a thread of this process, so that they answer while a test waits for a child.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <thread>

#include "server/http_server.h"
#include "tests/support/canary_api.h"
#include "tests/support/receiver.h"

namespace deadcalm::tests {

// A loop with a thread of its own.
class LivingLoop {
 public:
  LivingLoop() : thread_([this] { io_.run(); }) {}
  ~LivingLoop() {
    busy_.reset();
    thread_.join();
  }
  net::any_io_executor executor() { return io_.get_executor(); }
  // On the loop's own thread, so that nothing races.
  template <class Job>
  auto ask(Job job) {
    std::packaged_task<std::invoke_result_t<Job>()> task(std::move(job));
    auto answer = task.get_future();
    net::post(io_, [&task] { task(); });
    return answer.get();
  }
  void wait(net::awaitable<void> task) { net::co_spawn(io_, std::move(task), net::use_future).get(); }

 private:
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> busy_{io_.get_executor()};
  std::thread thread_;
};

// The canary API; what it stores survives those who use it.
class LivingApi {
 public:
  LivingApi() { start(); }
  ~LivingApi() { stop(); }
  template <class Job>
  auto ask(Job job) {
    return loop_.ask([&] { return job(api_); });
  }
  // Refuses connections from now on; start() takes the same port again.
  void stop() {
    if (!server_) return;
    loop_.wait(server_->stop());
    loop_.ask([this] { server_.reset(); });
  }
  void start() {
    port_ = loop_.ask([this] {
      server_ = std::make_unique<server::HttpServer>(
          loop_.executor(), [this](server::Request r) { return api_.handle(std::move(r)); });
      return server_->start("127.0.0.1:" + std::to_string(port_)).value();
    });
  }
  std::string base() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  LivingLoop loop_;
  CanaryApi api_;
  std::uint16_t port_ = 0;
  std::unique_ptr<server::HttpServer> server_;
};

// The webhook receiver.
class LivingReceiver {
 public:
  LivingReceiver()
      : receiver_(loop_.ask([this] { return std::make_unique<Receiver>(loop_.executor()); })),
        url_(receiver_->url()) {}
  ~LivingReceiver() {
    loop_.wait(receiver_->stop());
    loop_.ask([this] { receiver_.reset(); });
  }
  template <class Job>
  auto ask(Job job) {
    return loop_.ask([&] { return job(*receiver_); });
  }
  int pages() {
    return ask([](Receiver& r) { return r.pages(); });
  }
  int count(const std::string& type) {
    return ask([&](Receiver& r) { return r.count(type); });
  }
  const std::string& url() const { return url_; }
  std::string host_and_port() const {
    const std::size_t begin = url_.find("//") + 2;
    return url_.substr(begin, url_.find('/', begin) - begin);
  }

 private:
  LivingLoop loop_;
  std::unique_ptr<Receiver> receiver_;
  std::string url_;
};

}  // namespace deadcalm::tests
