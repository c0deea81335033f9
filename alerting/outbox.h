#pragma once
// The unsent messages in memory: which may be sent next. The store has the same rows; whoever changes
// one here has committed it, or is about to. Deadlines are steady here and wall time in the store, so
// that a clock set by hand neither delays a page nor sends a burst. No I/O.
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alerting/page.h"
#include "store/store.h"

namespace deadcalm::alerting {

struct OutboxItem {
  store::PageRow row;
  Page page;
  model::SteadyTime due{};
  bool in_flight = false;  // an attempt is under way, or its result is being acted on
  bool frozen = false;     // about to be superseded
  bool fell_back = false;  // the other channels were told because this one is slow
};

class Outbox {
 public:
  void add(store::PageRow row, Page page, model::SteadyTime due);
  OutboxItem* find(const std::string& id);  // nullptr: not here (any more)
  void remove(const std::string& id);
  const std::list<OutboxItem>& items() const { return items_; }

  // What may start now: the head of its order_key (one in flight, FIFO), due, its channel not held.
  // Pages before notices, then by age. nullptr: nothing.
  OutboxItem* next(model::SteadyTime now);
  // When next() may have something; absent: only after a change.
  std::optional<model::SteadyTime> next_due() const;

  // No message of the channel starts before `until`.
  void hold(const std::string& channel, model::SteadyTime until);
  std::optional<model::SteadyTime> held_until(const std::string& channel) const;

  // The end of an incident whose resolve waits behind this message.
  std::optional<model::WallTime> over_at(const OutboxItem& item) const;

  // Messages that a new one makes needless: after a long outage of a channel it gets the state of
  // today, not the backlog. A trigger replaces triggers and updates, an update replaces updates, a
  // resolve updates and acknowledgements. Never one in flight, never the last trigger before a resolve.
  std::vector<std::string> replaced_by(const std::string& order_key, PageKind kind) const;
  // A later one makes it needless; it was in flight when that came.
  bool is_replaced(const OutboxItem& item) const;

 private:
  std::list<OutboxItem> items_;  // in the order of the store
  std::map<std::string, model::SteadyTime> holds_;
};

}  // namespace deadcalm::alerting
