// bench_driver URL PER_SECOND SECONDS: asks URL at a fixed pace over kept connections, as Prometheus
// asks blackbox_exporter, and prints one line of JSON. A probe counts when the answer says
// probe_success 1. Its own CPU is in nobody's figure.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <chrono>
#include <iostream>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/http_client.h"
#include "runtime/task_group.h"

namespace {

using namespace deadcalm;

struct Counts {
  int asked = 0, good = 0, bad = 0;
};

net::awaitable<void> ask(runtime::HttpClient& client, runtime::HttpSession& session, std::string url,
                         Counts& counts) {
  runtime::HttpRequest request;
  request.url = std::move(url);
  request.session = &session;
  const auto answer = co_await client.fetch(std::move(request));
  const bool good =
      answer && answer->status == 200 && answer->body.find("\nprobe_success 1") != std::string::npos;
  ++(good ? counts.good : counts.bad);
}

net::awaitable<void> drive(runtime::HttpClient& client, std::string url, int per_second, int seconds,
                           Counts& counts) {
  runtime::SystemClock clock;
  runtime::TaskGroup asks(co_await net::this_coro::executor,
                          [](const std::string&, const std::string& what) { std::cerr << what << '\n'; });
  // The same slots as deadcalm's own schedule: a tenth of a second's share at once.
  const int per_slot = per_second / 10;
  runtime::HttpSession session;  // keeps as many connections as were needed at once
  const model::SteadyTime start = clock.now().steady;
  for (int slot = 0; slot < seconds * 10; ++slot) {
    co_await clock.sleep_until(start + model::Millis{100} * slot);
    for (int i = 0; i < per_slot; ++i) {
      ++counts.asked;
      asks.spawn("ask", ask(client, session, url, counts));
    }
  }
  co_await asks.join();
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const int per_second = argc == 4 ? number(argv[2]) : 0;
  const int seconds = argc == 4 ? number(argv[3]) : 0;
  if (per_second < 10 || per_second % 10 != 0 || seconds < 1) {
    std::cerr << "usage: bench_driver URL PER_SECOND SECONDS; PER_SECOND is a multiple of 10\n";
    return 2;
  }
  net::io_context io(1);
  runtime::HttpClient client(io.get_executor());
  Counts counts;
  std::exception_ptr failure;
  net::co_spawn(io, drive(client, argv[1], per_second, seconds, counts),
                [&failure](std::exception_ptr e) { failure = std::move(e); });
  io.run();
  if (failure) std::rethrow_exception(failure);
  std::cout << R"({"asked":)" << counts.asked << R"(,"good":)" << counts.good << R"(,"bad":)" << counts.bad
            << "}\n";
}
