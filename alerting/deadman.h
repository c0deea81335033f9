#pragma once
// Tells an outside service that we live, as long as all of us does: a monitor that died quietly is a
// masked outage of its own.
#include <functional>
#include <optional>
#include <string>

#include "config/options.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"
#include "runtime/task_group.h"

namespace deadcalm::alerting {

struct DeadmanDeps {
  net::any_io_executor executor;
  runtime::Clock& clock;
  runtime::HttpClient& client;
  // Nothing: probes, evaluator, store and outbox are all fresh. Else the reason why not, for people.
  std::function<std::optional<std::string>()> stale;
};

struct DeadmanStatus {
  std::optional<model::WallTime> last_ok;  // a ping that said "fresh" was taken
  std::uint64_t failed = 0;                // rounds in which no try was taken
  std::string last_error;
};

// Every `every`: GET <url> while fresh, else POST <url>/fail with the reason as its body. Two quick tries
// after the first (1 s, 3 s), then the next round: an old ping would be a lie, so none is queued.
class Deadman {
 public:
  Deadman(config::DeadmanOptions options, DeadmanDeps deps);
  void start();
  net::awaitable<void> stop();
  const DeadmanStatus& status() const { return status_; }

 private:
  net::awaitable<void> run();
  net::awaitable<void> round();

  config::DeadmanOptions options_;
  DeadmanDeps deps_;
  DeadmanStatus status_;
  runtime::TaskGroup tasks_;
};

}  // namespace deadcalm::alerting
