#include "store/memory/memory_store.h"

#include <algorithm>
#include <limits>
#include <ranges>

namespace deadcalm::store {

model::Result<void> MemoryStore::commit(const Batch& batch) {
  if (fail_commits) return std::unexpected(*fail_commits);
  ++commits;
  for (const auto& s : batch.streams) streams_[s.name] = s;
  for (const auto& r : batch.records) records_[{r.stream, r.seq}] = r;
  for (const auto& key : batch.forget_records) records_.erase(key);
  for (const auto& name : batch.forget_streams) {
    streams_.erase(name);
    std::erase_if(records_, [&](const auto& entry) { return entry.first.first == name; });
  }
  for (const auto& d : batch.documents) {
    if (d.text.empty()) {
      documents_.erase({d.kind, d.key});
    } else {
      documents_[{d.kind, d.key}] = d.text;
    }
  }
  for (const auto& t : batch.transitions) inbox_.push_back({++last_item_, t});
  for (const auto& c : batch.commands) inbox_.push_back({++last_item_, c});
  for (const auto& i : batch.incidents) incidents_[{i.subject, i.generation}] = i;
  for (const auto& p : batch.new_pages) {
    if (std::ranges::any_of(pages_, [&](const auto& entry) { return entry.second.id == p.id; })) continue;
    const std::int64_t number = ++last_page_;
    pages_[number] = p;
    pages_[number].number = number;
  }
  for (const auto& change : batch.page_changes) {
    for (auto& [number, page] : pages_) {
      if (page.id != change.id) continue;
      page = change;
      page.number = number;
    }
  }
  for (const auto& c : batch.cursors) cursors_[c.name] = c.inbox_id;
  return {};
}

std::vector<model::Result<void>> MemoryStore::commit_group(const std::vector<const Batch*>& batches) {
  std::vector<model::Result<void>> results;
  results.reserve(batches.size());
  for (const Batch* batch : batches) results.push_back(commit(*batch));
  return results;
}

model::Result<Identity> MemoryStore::identity() {
  return Identity{"test0001", model::Secret("memory-store-key")};
}

model::Result<std::vector<model::Stream>> MemoryStore::streams() {
  const auto streams = std::views::values(streams_);
  return std::vector<model::Stream>(streams.begin(), streams.end());
}

model::Result<std::vector<model::Record>> MemoryStore::records() {
  const auto records = std::views::values(records_);
  return std::vector<model::Record>(records.begin(), records.end());
}

model::Result<std::vector<Document>> MemoryStore::documents(const std::string& kind) {
  std::vector<Document> out;
  for (const auto& [key, text] : documents_) {
    if (key.first == kind) out.push_back({key.first, key.second, text});
  }
  return out;
}

model::Result<std::vector<InboxItem>> MemoryStore::inbox_after(std::int64_t id, int limit) {
  std::vector<InboxItem> out;
  for (const auto& item : inbox_) {
    if (item.id > id && std::ssize(out) < limit) out.push_back(item);
  }
  return out;
}

model::Result<std::int64_t> MemoryStore::cursor(const std::string& name) {
  const auto it = cursors_.find(name);
  return it == cursors_.end() ? 0 : it->second;
}

model::Result<std::vector<IncidentRow>> MemoryStore::incidents(bool open_only) {
  std::vector<IncidentRow> out;
  for (const auto& [key, incident] : incidents_) {
    if (incident.open || !open_only) out.push_back(incident);
  }
  return out;
}

model::Result<std::vector<PageRow>> MemoryStore::unsent_pages() {
  std::vector<PageRow> out;
  for (const auto& [number, page] : pages_) {
    if (page.state == PageState::queued || page.state == PageState::sending) out.push_back(page);
  }
  return out;
}

namespace {

model::WallTime time_of(const InboxItem& item) {
  if (const auto* transition = std::get_if<model::Transition>(&item.item)) return transition->at.wall;
  return std::get<model::Command>(item.item).at;
}

// Erases what `may_go` says, at most `limit`, in order.
template <class Rows, class MayGo>
int erase_some(Rows& rows, int limit, MayGo may_go) {
  int gone = 0;
  std::erase_if(rows, [&](const auto& row) { return gone < limit && may_go(row) && ++gone > 0; });
  return gone;
}

}  // namespace

model::Result<int> MemoryStore::prune(model::WallTime before, int limit) {
  if (fail_commits) return std::unexpected(*fail_commits);
  std::int64_t read = std::numeric_limits<std::int64_t>::max();
  for (const char* reader : kReaders) read = std::min(read, *cursor(reader));
  const auto name = [](const IncidentRow& i) { return i.subject + '#' + std::to_string(i.generation); };
  const auto is_open = [&](const std::string& incident) {
    return std::ranges::any_of(
        incidents_, [&](const auto& entry) { return entry.second.open && name(entry.second) == incident; });
  };
  const auto sent = [](const PageRow& p) {
    return p.state != PageState::queued && p.state != PageState::sending;
  };
  int gone = erase_some(inbox_, limit,
                        [&](const InboxItem& item) { return item.id <= read && time_of(item) < before; });
  gone += erase_some(pages_, limit, [&](const auto& entry) {
    return sent(entry.second) && entry.second.created < before && !is_open(entry.second.incident);
  });
  gone += erase_some(incidents_, limit, [&](const auto& entry) {
    const IncidentRow& i = entry.second;
    const bool newest = !incidents_.contains({i.subject, i.generation + 1});
    const bool owes = std::ranges::any_of(
        pages_, [&](const auto& page) { return page.second.incident == name(i) && !sent(page.second); });
    return !i.open && i.closed && *i.closed < before && !newest && !owes;
  });
  return gone;
}

}  // namespace deadcalm::store
