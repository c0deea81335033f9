#include "alerting/outbox.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace deadcalm::alerting {
namespace {

bool makes_needless(PageKind newer, PageKind older) {
  switch (newer) {
    case PageKind::trigger: return older == PageKind::trigger || older == PageKind::update;
    case PageKind::update: return older == PageKind::update;
    case PageKind::resolve: return older == PageKind::update || older == PageKind::acknowledge;
    case PageKind::acknowledge:
    case PageKind::test: break;
  }
  return false;
}

}  // namespace

void Outbox::add(store::PageRow row, Page page, model::SteadyTime due) {
  if (find(row.id) != nullptr) return;
  items_.push_back({std::move(row), std::move(page), due});
}

OutboxItem* Outbox::find(const std::string& id) {
  const auto it = std::ranges::find(items_, id, [](const OutboxItem& item) { return item.row.id; });
  return it == items_.end() ? nullptr : &*it;
}

void Outbox::remove(const std::string& id) {
  items_.remove_if([&](const OutboxItem& item) { return item.row.id == id; });
}

OutboxItem* Outbox::next(model::SteadyTime now) {
  OutboxItem* best = nullptr;
  std::set<std::string_view> seen;
  for (OutboxItem& item : items_) {
    if (!seen.insert(item.row.order_key).second) continue;  // not the head of its queue
    if (item.in_flight || item.frozen || item.due > now) continue;
    const auto hold = held_until(item.row.channel);
    if (hold && *hold > now) continue;
    if (best == nullptr || item.page.alarm > best->page.alarm) best = &item;
  }
  return best;
}

std::optional<model::SteadyTime> Outbox::next_due() const {
  std::optional<model::SteadyTime> soonest;
  std::set<std::string_view> seen;
  for (const OutboxItem& item : items_) {
    if (!seen.insert(item.row.order_key).second || item.in_flight || item.frozen) continue;
    const auto due = std::max(item.due, held_until(item.row.channel).value_or(item.due));
    if (!soonest || due < *soonest) soonest = due;
  }
  return soonest;
}

void Outbox::hold(const std::string& channel, model::SteadyTime until) {
  auto& held = holds_[channel];
  held = std::max(held, until);
}

std::optional<model::SteadyTime> Outbox::held_until(const std::string& channel) const {
  const auto it = holds_.find(channel);
  if (it == holds_.end()) return std::nullopt;
  return it->second;
}

std::optional<model::WallTime> Outbox::over_at(const OutboxItem& item) const {
  for (const OutboxItem& other : items_) {
    if (other.row.order_key == item.row.order_key && other.page.kind == PageKind::resolve) {
      return other.page.over_at;
    }
  }
  return std::nullopt;
}

std::vector<std::string> Outbox::replaced_by(const std::string& order_key, PageKind kind) const {
  std::vector<std::string> ids;
  for (const OutboxItem& item : items_) {
    if (item.in_flight || item.row.order_key != order_key) continue;
    if (makes_needless(kind, item.page.kind)) ids.push_back(item.row.id);
  }
  return ids;
}

bool Outbox::is_replaced(const OutboxItem& item) const {
  bool later = false;
  for (const OutboxItem& other : items_) {
    if (later && other.row.order_key == item.row.order_key &&
        makes_needless(other.page.kind, item.page.kind)) {
      return true;
    }
    later = later || &other == &item;
  }
  return false;
}

}  // namespace deadcalm::alerting
