// History that is older than it has to be goes, a little at a time, so that no commit waits for long.
#include <spdlog/spdlog.h>

#include "monitor/monitor.h"
#include "monitor/parts.h"

namespace deadcalm::monitor {
namespace {

constexpr int kRowsATime = 500;

}  // namespace

net::awaitable<void> Monitor::prune() {
  // Between commands our cursor moves in memory only; what lies behind it can go once that is committed.
  if (command_cursor_ != command_cursor_kept_) {
    store::Batch batch;
    batch.cursors = {{"monitor", command_cursor_}};
    const std::int64_t cursor = command_cursor_;
    const auto kept = co_await deps_.store.commit(std::move(batch));
    if (!kept) co_return;  // the next turn comes; commit() tells of a store that refuses
    command_cursor_kept_ = cursor;
  }
  const model::WallTime before = deps_.clock.now().wall - plan_.retention;
  const auto gone = co_await deps_.store.prune(before, kRowsATime);
  if (!gone) {
    spdlog::warn("old history cannot be removed: {}", gone.error().message);
  } else if (*gone > 0) {
    spdlog::info("{} rows of history older than the retention removed", *gone);
  }
}

}  // namespace deadcalm::monitor
