#pragma once
// Alerting as a whole: reads the inbox, owns the incidents, keeps the outbox, sends.
//
//   inbox item -> decide() -> incident + page rows + cursor in one transaction -> dispatcher -> sender
//
// A message is committed before it is sent and its fate is recorded after: whatever happens between,
// 1 <= received <= 1 + crashes + ambiguous time-outs, and a resolve comes after its trigger.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alerting/routes.h"
#include "alerting/sender.h"
#include "alerting/status.h"
#include "model/error.h"
#include "runtime/clock.h"
#include "store/store_thread.h"

namespace deadcalm::alerting {

struct Channel {
  std::string name, type;
  std::unique_ptr<Sender> sender;
};

struct AlertingDeps {
  net::any_io_executor executor;
  runtime::Clock& clock;
  store::StoreThread& store;
  Routes routes;
  std::vector<Channel> channels;
  std::function<double()> random;  // in [0, 1): the jitter of retries
  // A part of alerting ended by an exception, which is a bug. The caller should drain and exit non-zero:
  // the next start finds everything in the store. May be empty.
  std::function<void(const std::string&)> on_failure{};
};

// Loop thread only. The deps' references outlive it.
class Alerting {
 public:
  explicit Alerting(AlertingDeps deps);
  ~Alerting();  // after stop(), or never started
  Alerting(const Alerting&) = delete;
  Alerting& operator=(const Alerting&) = delete;

  // Reads incidents, silences, unsent pages and the cursor. Call once, before start(). A page whose
  // sending was cut by a crash is queued again, marked as perhaps received.
  net::awaitable<model::Result<void>> restore();
  void start();
  // Something new may be in the inbox. Without it new items are found within 30 s.
  void poke();
  // No new deliveries; those under way may finish, at most `patience`.
  net::awaitable<void> stop(model::Millis patience);

  // For the moment when nothing can be committed and people must know (the disk is full, an outage was
  // found): sends `text` at once to every channel that is paged, past the outbox, one attempt each and
  // one retry. Not recorded, so not repeated after a crash, and not deduplicated: the caller calls it once
  // per occasion. Alerting calls it by itself when a commit of its own with a page in it fails. Refused
  // before start().
  void emergency(const std::string& text);

  Status status() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace deadcalm::alerting
