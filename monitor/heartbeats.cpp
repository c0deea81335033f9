// Jobs that tell us they live: noted, durable, then answered and looked at.
#include <spdlog/spdlog.h>

#include "store/field_json.h"

#include "monitor/monitor.h"
#include "monitor/parts.h"

namespace deadcalm::model {

template <class Codec>
void fields(Codec& c, HeartbeatState& s) {
  c("last_ok", s.last_ok), c("started", s.started), c("failed", s.failed), c("exit_code", s.exit_code);
}

}  // namespace deadcalm::model

namespace deadcalm::monitor {

namespace {
constexpr const char* kKind = "heartbeat";
}  // namespace

net::awaitable<model::Result<void>> Monitor::restore_heartbeats() {
  auto read = [](store::Store& s) { return s.documents(kKind); };
  const auto documents = co_await deps_.store.read(read);
  if (!documents) co_return std::unexpected(documents.error());
  for (const store::Document& document : *documents) {
    if (!plan_.heartbeats->expects(document.key)) continue;
    auto state = store::stored::read<model::HeartbeatState>(document.text, "heartbeat");
    if (!state)
      spdlog::warn("{}: {}; waiting for the job to tell again", document.key, state.error().message);
    if (state) plan_.heartbeats->at(document.key) = *std::move(state);
  }
  co_return model::Result<void>{};
}

net::awaitable<model::Result<void>> Monitor::beat(std::string name, model::Beat beat, int exit_code) {
  if (!plan_.heartbeats || !plan_.heartbeats->expects(name)) {
    co_return model::fail(model::ErrorKind::not_found, "no heartbeat \"" + name + "\" is configured");
  }
  // On the board first: of two at the same time the second must not be written over what the first has said.
  // Commits keep their order. One that the store refuses is heard all the same, and told again by the job.
  model::HeartbeatState& state = plan_.heartbeats->at(name);
  state.take(beat, exit_code, deps_.clock.now().wall);
  store::Batch batch;
  batch.documents = {{kKind, name, store::stored::write(state)}};
  auto committed = co_await deps_.store.commit(std::move(batch));
  if (!committed) co_return committed;
  for (const auto& service : services_) {
    for (std::size_t i = 0; i < service->view_ids.size(); ++i) {
      if (service->plan.views[i].heartbeat == name) request_now(service->view_ids[i]);
    }
  }
  co_return model::Result<void>{};
}

}  // namespace deadcalm::monitor
