// libcurl tells us which sockets and which time-out it waits for; Asio waits; we tell libcurl what
// happened. Six facts shape this file (libcurl 7.88, docs of curl_multi_socket_action and
// CURLMOPT_SOCKETFUNCTION; curl issues 3537, 9799, 14976):
//  1. The timer callback runs inside libcurl and must not call it: it only re-arms our timer.
//  2. CURL_POLL_REMOVE does not mean the socket is closed: the same descriptor comes back on reuse. A
//     watch therefore lives until CURLOPT_CLOSESOCKETFUNCTION, which we own together with opening.
//  3. The resolver thread's wake-up socket never passes those two callbacks, so its watch is dropped at
//     REMOVE instead.
//  4. libcurl owns every descriptor: a watch releases it before it goes, Asio never closes one.
//  5. Asio's waits are one-shot and may complete after REMOVE: re-arm after each, check what is wanted.
//  6. libcurl asks for a time-out several times in each transfer, mostly for "at once". Setting a kernel
//     timer each time was a sixth of a write cycle's CPU: "at once" is one posted call for all that ask,
//     and the timer is moved only to an earlier instant; when it fires too early it is set again.
#include "runtime/curl_loop.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

namespace deadcalm::runtime {

struct CurlLoop::Watch {
  Watch(const net::any_io_executor& executor, curl_socket_t fd) : descriptor(executor, fd) {}
  ~Watch() {
    if (descriptor.is_open()) descriptor.release();
  }

  net::posix::stream_descriptor descriptor;
  int wanted = 0;  // CURL_POLL_IN | CURL_POLL_OUT
  bool waiting_read = false, waiting_write = false;
  bool ours = false;     // came through open_socket
  bool dropped = false;  // late completions must not touch libcurl
};

namespace {

void global_init() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl cannot start");
}

std::string in_numbers(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes =
      address.sa_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  return ::inet_ntop(address.sa_family, bytes, text.data(), text.size()) != nullptr ? text.data() : "";
}

constexpr std::size_t kIdleHandles = 256;
constexpr auto kNever = std::chrono::steady_clock::time_point::max();

}  // namespace

CurlLoop::CurlLoop(net::any_io_executor executor) : executor_(std::move(executor)), timer_(executor_) {
  global_init();
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
}

CurlLoop::~CurlLoop() {
  while (!running_.empty()) abandon(running_.begin()->first);
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);  // closes pooled connections through close_socket
}

CURL* CurlLoop::acquire(Door& door) {
  CURL* easy = nullptr;
  if (idle_.empty()) {
    easy = curl_easy_init();
    if (easy == nullptr) throw std::bad_alloc();
  } else {
    easy = idle_.back();
    idle_.pop_back();
  }
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L);  // taken and freed by each request; answers are small
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);     // a hung resolver must not hang us
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // a proxy in the environment would answer for the target
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);  // a cached name hides a deleted one
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlLoop::open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &door);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  return easy;
}

void CurlLoop::recycle(CURL* easy) {
  if (idle_.size() >= kIdleHandles) {
    curl_easy_cleanup(easy);
    return;
  }
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_SHARE, nullptr);  // reset leaves it
  idle_.push_back(easy);
}

void CurlLoop::start(CURL* easy, Done done) {
  const CURLMcode code = curl_multi_add_handle(multi_, easy);
  if (code != CURLM_OK) {
    net::post(executor_, [done = std::move(done)] { done(CURLE_FAILED_INIT); });
    return;
  }
  running_.emplace(easy, std::move(done));
}

void CurlLoop::abandon(CURL* easy) {
  running_.erase(easy);
  for (Finished& one : finished_) {
    if (one.easy == easy) one.done = nullptr;
  }
  curl_multi_remove_handle(multi_, easy);
}

int CurlLoop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& loop = *static_cast<CurlLoop*>(self);
  auto it = loop.watches_.find(fd);
  if (what == CURL_POLL_REMOVE) {
    if (it == loop.watches_.end()) return 0;
    it->second->wanted = 0;
    if (!it->second->ours) loop.drop(fd);
    return 0;
  }
  if (it == loop.watches_.end())
    it = loop.watches_.emplace(fd, std::make_shared<Watch>(loop.executor_, fd)).first;
  it->second->wanted = what & CURL_POLL_INOUT;
  loop.arm(it->second);
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (timeout_ms > 0) {
    loop.wake_at_ = SteadyClock::now() + std::chrono::milliseconds(timeout_ms);
    if (loop.wake_at_ < loop.timer_set_for_) loop.set_timer();
  } else {
    loop.wake_at_ = kNever;
    if (timeout_ms == 0) loop.run_soon();
  }
  return 0;
}

void CurlLoop::set_timer() {
  timer_set_for_ = wake_at_;
  timer_.expires_at(wake_at_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier instant, or the loop is gone
    timer_set_for_ = kNever;
    if (wake_at_ > SteadyClock::now()) {
      if (wake_at_ != kNever) set_timer();
      return;
    }
    wake_at_ = kNever;
    time_out();
  });
}

void CurlLoop::run_soon() {
  if (std::exchange(run_soon_, true)) return;
  net::post(executor_, [this, alive = std::weak_ptr<const bool>(alive_)] {
    if (alive.expired()) return;
    run_soon_ = false;
    time_out();
  });
}

curl_socket_t CurlLoop::open_socket(void* where, curlsocktype, curl_sockaddr* address) {
  auto& door = *static_cast<Door*>(where);
  CurlLoop& loop = door.loop;
  door.refused = refusal(door.policy, in_numbers(address->addr));
  if (!door.refused.empty()) return CURL_SOCKET_BAD;
  const curl_socket_t fd =
      ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  loop.drop(fd);  // a stale watch of a descriptor somebody else closed
  auto watch = std::make_shared<Watch>(loop.executor_, fd);
  watch->ours = true;
  loop.watches_.emplace(fd, std::move(watch));
  return fd;
}

int CurlLoop::close_socket(void* self, curl_socket_t fd) {
  static_cast<CurlLoop*>(self)->drop(fd);
  return ::close(fd);
}

void CurlLoop::drop(curl_socket_t fd) {
  const auto it = watches_.find(fd);
  if (it == watches_.end()) return;
  it->second->dropped = true;
  it->second->wanted = 0;
  it->second->descriptor.release();
  watches_.erase(it);
}

void CurlLoop::arm(const std::shared_ptr<Watch>& watch) {
  using Descriptor = net::posix::stream_descriptor;
  if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->waiting_read) {
    watch->waiting_read = true;
    watch->descriptor.async_wait(Descriptor::wait_read,
                                 [this, watch](const boost::system::error_code& error) {
                                   watch->waiting_read = false;
                                   if (!watch->dropped)
                                     ready(watch, error ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
                                 });
  }
  if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->waiting_write) {
    watch->waiting_write = true;
    watch->descriptor.async_wait(Descriptor::wait_write,
                                 [this, watch](const boost::system::error_code& error) {
                                   watch->waiting_write = false;
                                   if (!watch->dropped)
                                     ready(watch, error ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
                                 });
  }
}

void CurlLoop::ready(const std::shared_ptr<Watch>& watch, int event_mask) {
  const int wanted_event = event_mask == CURL_CSELECT_OUT ? CURL_POLL_OUT : CURL_POLL_IN;
  if (event_mask != CURL_CSELECT_ERR && (watch->wanted & wanted_event) == 0) return;
  int running = 0;
  curl_multi_socket_action(multi_, watch->descriptor.native_handle(), event_mask, &running);
  if (!watch->dropped) arm(watch);
  drain();
}

void CurlLoop::time_out() {
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  drain();
}

// All messages first: removing a handle searches those that are left, which is quadratic when a thousand
// transfers end at once.
void CurlLoop::drain() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) finished_.push_back({message->easy_handle, message->data.result, {}});
  }
  for (Finished& one : finished_) {
    curl_multi_remove_handle(multi_, one.easy);
    if (auto node = running_.extract(one.easy); !node.empty()) one.done = std::move(node.mapped());
  }
  // A `done` may start transfers and abandon others of this list, but never gets here again.
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    const CURLcode code = finished_[i].code;
    if (const Done done = std::exchange(finished_[i].done, nullptr)) done(code);
  }
  finished_.clear();
}

}  // namespace deadcalm::runtime
