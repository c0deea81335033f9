#pragma once
// One look along the clients' own path, or an ordinary check: both say whether somebody answers as expected.
#include <functional>
#include <memory>
#include <string>

#include "config/environment.h"
#include "model/observation.h"
#include "model/secret.h"
#include "probes/backend_deps.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"
#include "runtime/net.h"

namespace deadcalm::probes {

class View {
 public:
  virtual ~View() = default;
  // An observation with a ViewLook. Never throws but on cancellation; ends by its own time-out.
  virtual net::awaitable<model::Observation> look() = 0;
  // Lets go of what it keeps between looks; no look follows, and none is under way. Needed before it is
  // destroyed, where it has looked.
  virtual net::awaitable<void> close() { co_return; }
  // Sees only what happens while it is subscribed, so it must look before something is written.
  virtual bool subscribes() const { return false; }
  virtual const std::string& name() const = 0;
};

namespace check {
class HeartbeatBoard;
}

// What a view may use; all outlive it.
struct ViewDeps {
  runtime::Clock& clock;
  runtime::HttpClient& client;
  net::any_io_executor executor;
  std::string instance;
  model::Secret canary_key;
  check::HeartbeatBoard* heartbeats = nullptr;       // where jobs' beats arrive; null: nobody receives them
  const config::Environment* environment = nullptr;  // where secrets are read again; null: no view has any
};

// The same for the parts that backends and views share.
inline BackendDeps backend_deps(const ViewDeps& deps) {
  static const config::Environment nothing;
  return {deps.clock,    deps.client,    deps.executor, deps.environment ? *deps.environment : nothing,
          deps.instance, deps.canary_key};
}

// Which one it is.
struct ViewPlace {
  std::string service, probe;
  model::Millis timeout{10'000};
};

using MakeView = std::function<std::unique_ptr<View>(ViewPlace, const ViewDeps&)>;

// One `view:` or `check:` entry, decoded.
struct ViewPath {
  std::string target;  // what is asked, for people: "GET https://shop.example.com/"
  MakeView make;
  std::string heartbeat{};  // the name a job tells itself by; empty: it looks by itself
  model::Millis unseen{};   // how long a failure may look like none: a job's silence within `every` and grace
};

}  // namespace deadcalm::probes
