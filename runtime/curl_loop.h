#pragma once
// libcurl's multi handle driven by an Asio loop. Only http_client.cpp includes this.
#include <curl/curl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "model/connection_policy.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

class CurlLoop {
 public:
  using Done = std::function<void(CURLcode)>;

  explicit CurlLoop(net::any_io_executor executor);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  const net::any_io_executor& executor() const { return executor_; }

  // What a transfer's connections go out by. Must outlive the transfer.
  struct Door {
    CurlLoop& loop;
    model::ConnectionPolicy policy{};
    std::string refused{};  // why an address was not connected to
  };

  // An easy handle with the options every transfer of ours needs; give it back with recycle().
  CURL* acquire(Door& door);

  void recycle(CURL* easy);

  // Starts a transfer; `done` is called once, from the loop, never from within start().
  // A negative answer of libcurl is reported through `done` as well.
  void start(CURL* easy, Done done);

  // Ends a transfer early, without calling its `done`. Must not be called from `done` of the same transfer.
  void abandon(CURL* easy);

 private:
  struct Watch;
  using SteadyClock = std::chrono::steady_clock;

  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* watch);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  static curl_socket_t open_socket(void* where, curlsocktype purpose, curl_sockaddr* address);
  static int close_socket(void* self, curl_socket_t fd);

  void arm(const std::shared_ptr<Watch>& watch);
  void ready(const std::shared_ptr<Watch>& watch, int event_mask);
  void drop(curl_socket_t fd);
  void set_timer();
  void run_soon();
  void time_out();  // tells libcurl what time it is
  void drain();

  net::any_io_executor executor_;
  net::steady_timer timer_;
  SteadyClock::time_point wake_at_ = SteadyClock::time_point::max();  // when libcurl wants to hear of us
  SteadyClock::time_point timer_set_for_ = SteadyClock::time_point::max();  // never later than wake_at_
  bool run_soon_ = false;                                                   // a call is posted
  CURLM* multi_ = nullptr;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<CURL*, Done> running_;
  struct Finished {
    CURL* easy;
    CURLcode code;
    Done done;  // empty once called or abandoned
  };
  std::vector<Finished> finished_;                                    // within drain() only
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  // what is posted may outlive us
  std::vector<CURL*> idle_;  // recycled handles: setting one up costs more than a request on it
};

}  // namespace deadcalm::runtime
