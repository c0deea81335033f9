#include <malloc.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>

#include "app/commands/commands.h"
#include "app/daemon.h"
#include "model/duration.h"

namespace deadcalm::app {
namespace {

constexpr model::Millis kPatience{10'000};

// A supervisor may send the same signal to the process and to its group: repeats this soon are no wish.
constexpr model::Millis kSameSignal{1'000};
const runtime::SystemClock clock;

net::awaitable<void> wait_for_end(net::signal_set& signals) {
  while (true) {
    const int number = co_await signals.async_wait(net::use_awaitable);
    if (number != SIGHUP) co_return;
    spdlog::warn(
        "SIGHUP: this version does not read its configuration again; restart deadcalm to apply a change");
  }
}

void end_at_next(net::signal_set& signals, model::SteadyTime not_before) {
  signals.async_wait([&signals, not_before](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number != SIGHUP && clock.now().steady >= not_before) std::_Exit(kFailed);
    end_at_next(signals, not_before);
  });
}

// Starts, waits for a signal, drains. The exit code comes back through `code`.
net::awaitable<void> live(Daemon& daemon, const Configured& configured, int& code, std::ostream& err) {
  net::signal_set signals(co_await net::this_coro::executor, SIGTERM, SIGINT, SIGHUP);
  const auto started = co_await daemon.start();
  if (!started) {
    err << "deadcalm: " << started.error().message << '\n';
    code = kFailed;
    co_return;
  }
  malloc_trim(0);  // the file's text and trees, most of what ten thousand services took to load
  spdlog::info("deadcalm {} watches {} services from site {}; http://{} (port {})", DEADCALM_VERSION,
               configured.services.size(), configured.options().site, configured.options().web.listen,
               daemon.port());
  co_await wait_for_end(signals);
  spdlog::info("stopping: looks and pages under way may end ({} at most); a second signal ends at once",
               model::for_people(kPatience));
  end_at_next(signals, clock.now().steady + kSameSignal);
  co_await daemon.stop(kPatience);
  spdlog::info("stopped");
}

}  // namespace

int run_daemon(const GlobalFlags& flags, std::ostream& out, std::ostream& err) {
  const auto configured = load_or_tell(flags, err);
  if (!configured) return kBadUsage;
  apply_log_flags(flags, configured->options());
  net::io_context io(1);
  int code = kDone;
  DaemonHooks hooks;
  // A part that ended by a bug of ours: drain as for a signal, and let the supervisor start us anew.
  hooks.on_failure = [&code](const std::string& what) {
    spdlog::critical("a part ended by a bug: {}; stopping, the next start finds everything in the store",
                     what);
    code = kFailed;
    std::raise(SIGTERM);
  };
  Daemon daemon(io.get_executor(), *configured, out, hooks);
  std::exception_ptr failure;
  net::co_spawn(io, live(daemon, *configured, code, err), [&](std::exception_ptr e) {
    failure = std::move(e);
    io.stop();
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return code;
}

}  // namespace deadcalm::app
