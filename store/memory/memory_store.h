#pragma once
// A store for tests: the same promises but durability. Can be told to fail.
#include <map>

#include "store/store.h"

namespace deadcalm::store {

class MemoryStore final : public Store {
 public:
  model::Result<void> commit(const Batch& batch) override;
  std::vector<model::Result<void>> commit_group(const std::vector<const Batch*>& batches) override;
  model::Result<Identity> identity() override;
  model::Result<std::vector<model::Stream>> streams() override;
  model::Result<std::vector<model::Record>> records() override;
  model::Result<std::vector<Document>> documents(const std::string& kind) override;
  model::Result<std::vector<InboxItem>> inbox_after(std::int64_t id, int limit) override;
  model::Result<std::int64_t> cursor(const std::string& name) override;
  model::Result<std::vector<IncidentRow>> incidents(bool open_only) override;
  model::Result<std::vector<PageRow>> unsent_pages() override;
  model::Result<int> prune(model::WallTime before, int limit) override;

  // The next commits fail with this until it is cleared.
  std::optional<model::Error> fail_commits;
  int commits = 0;

 private:
  std::map<std::string, model::Stream> streams_;
  std::map<std::pair<std::string, std::uint64_t>, model::Record> records_;
  std::map<std::pair<std::string, std::string>, std::string> documents_;
  std::vector<InboxItem> inbox_;
  std::int64_t last_item_ = 0, last_page_ = 0;  // numbers are never given twice
  std::map<std::string, std::int64_t> cursors_;
  std::map<std::pair<std::string, int>, IncidentRow> incidents_;
  std::map<std::int64_t, PageRow> pages_;
};

}  // namespace deadcalm::store
