// What people say: read from the inbox after a cursor of our own, so that a command given while the
// daemon was down, or just before a crash, is obeyed all the same.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "monitor/monitor.h"
#include "monitor/parts.h"

namespace deadcalm::monitor {

using model::CommandKind;

net::awaitable<void> Monitor::read_commands() {
  const std::int64_t after = command_cursor_;
  auto job = [after](store::Store& s) { return s.inbox_after(after, 1000); };
  const auto items = co_await deps_.store.read(job);
  if (!items || items->empty()) co_return;

  store::Batch batch;
  bool any = false;
  for (const store::InboxItem& item : *items) {
    command_cursor_ = item.id;
    if (const auto* command = std::get_if<model::Command>(&item.item)) {
      obey(*command, batch);
      any = true;
    }
  }
  if (!any) co_return;  // only our own transitions: the cursor moves with the next command
  batch.cursors = {{"monitor", command_cursor_}};
  co_await commit(std::move(batch));
  if (deps_.on_inbox) deps_.on_inbox();
}

void Monitor::obey(const model::Command& command, store::Batch& batch) {
  spdlog::info("command {} {} by {}{}{}", model::name(command.kind),
               command.service.empty() ? "all" : command.service, command.author,
               command.reason.empty() ? "" : ": ", command.reason);
  for (const auto& service : services_) {
    if (!command.service.empty() && command.service != service->plan.name) continue;
    if (command.kind == CommandKind::pause_writes) pause(*service, true, batch);
    if (command.kind == CommandKind::resume_writes) pause(*service, false, batch);
    if (command.kind == CommandKind::sentinels_drop) pause(*service, true, batch);
    obey(*service, command);
  }
}

void Monitor::pause(Service& service, bool paused, store::Batch& batch) {
  service.paused = paused;
  batch.documents.push_back({"paused", service.plan.name, paused ? "yes" : ""});
}

namespace {

void tell_forgotten(const std::string& service, const probes::WriteProbe& probe,
                    const probes::Forgotten& forgotten) {
  if (forgotten.removed > 0)
    spdlog::info("{}: {} older records of ours, brought back by a restore, are removed", service,
                 forgotten.removed);
  if (forgotten.left > 0)
    spdlog::warn("{}: {} older records of ours could not be removed yet; they are tried again", service,
                 forgotten.left);
  if (!forgotten.searched)
    spdlog::info(
        "{}: own records cannot be listed here; if a restore brought older ones back, they have tokens "
        "that start with dc1.{}.",
        service, probe.stream().name);
}

}  // namespace

net::awaitable<void> Monitor::drop_sentinels(Service& service, probes::WriteProbe& probe) {
  const std::string& name = service.plan.name;
  const std::size_t left = co_await probe.drop_all();
  if (left == 0) {
    spdlog::info("{}: everything of ours is removed; writes stay paused", name);
  } else {
    spdlog::warn(
        "{}: {} records of ours could not be removed yet; they stay on the ledger and are tried again", name,
        left);
  }
  tell_forgotten(name, probe, co_await probe.remove_forgotten());
}

net::awaitable<void> Monitor::accept_sentinels(Service& service, probes::WriteProbe& probe) {
  const std::string& name = service.plan.name;
  const auto accepted = co_await probe.accept_generation();
  if (!accepted) {
    spdlog::error("{}: cannot accept the new generation: {}", name, accepted.error().message);
    co_return;
  }
  spdlog::info("{}: the present state is accepted as the new generation", name);
  tell_forgotten(name, probe, co_await probe.remove_forgotten());
}

// The probe acts first and the evaluator hears of it afterwards: a look that began before the new
// generation was accepted must not open the loss again.
void Monitor::obey(Service& service, const model::Command& command) {
  const bool drop = command.kind == CommandKind::sentinels_drop;
  if (!drop && command.kind != CommandKind::sentinels_accept) return judge(service, command);
  for (std::size_t i = 0; i < service.write_ids.size(); ++i) {
    probes::WriteProbe& probe = *service.plan.writes[i].probe;
    const bool last = i + 1 == service.write_ids.size();
    auto operation = [this, &service, &probe, command, drop, last]() -> net::awaitable<void> {
      if (drop) {
        co_await drop_sentinels(service, probe);
      } else {
        co_await accept_sentinels(service, probe);
      }
      if (last) judge(service, command);
    };
    with_probe(service.write_ids[i], operation);
  }
  if (service.write_ids.empty()) judge(service, command);
}

}  // namespace deadcalm::monitor
