#pragma once
// A backend in memory whose world the test changes: refuse, hang, forget, answer late.
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "probes/backend.h"
#include "runtime/clock.h"

namespace deadcalm::tests {

struct World {
  std::map<std::string, std::string> records;  // record id -> token
  std::optional<probes::StepFailure> plant_fails, read_fails, remove_fails;
  std::optional<probes::StepFailure> update_fails;
  bool plant_stores_though_failing = false;  // cut connection after the commit; an update does so too
  bool plant_forgets = false;                // 201 and rolls back
  bool hides_everything = false;             // row-level security: absent, and no identity
  bool proves_identity = false;
  bool container_exists = true;
  bool read_alters = false;
  bool remove_cannot_tell = false;
  bool assigns_ids = false;
  model::Millis plant_takes{0}, read_takes{0};
  model::Millis visible_after{0};        // eventual consistency
  model::Millis removed_visible_for{0};  // the same, of removals
  std::map<std::string, std::pair<std::string, model::SteadyTime>>
      ghosts;  // removed: what it held, until when
  std::map<std::string, model::SteadyTime> visible_at;
  std::map<std::string, std::string> before;  // record id -> what it held before its last update
  int dies_in = 0;  // so many steps (each verb has two: before and after it acts), then throws: kill -9
  int plants = 0, updates = 0, reads = 0, removes = 0, finds = 0, prepares = 0;
  std::uint64_t next_id = 1;
};

class ScriptedBackend final : public probes::Backend {
 public:
  ScriptedBackend(World& world, runtime::Clock& clock) : w_(world), clock_(clock) {}

  net::awaitable<probes::PrepareAnswer> prepare(bool may_create, model::SteadyTime) override {
    ++w_.prepares;
    probes::PrepareAnswer answer;
    answer.created = may_create && !w_.container_exists;
    if (may_create) w_.container_exists = true;
    co_return answer;
  }
  net::awaitable<probes::PlantAnswer> plant(probes::Canary canary, model::SteadyTime deadline) override {
    ++w_.plants;
    probes::PlantAnswer answer;
    live();
    const bool in_time = co_await take(w_.plant_takes, deadline);
    if (!w_.container_exists) {
      answer.failure = {model::Write::server, "table does not exist", false, true, false};
    } else if (!in_time) {
      answer.failure = {model::Write::net, "no answer", true, false, false};
    } else {
      answer.failure = w_.plant_fails;
    }
    if (!answer.failure || w_.plant_stores_though_failing) {
      const std::string id = w_.assigns_ids ? "srv-" + std::to_string(w_.next_id++) : canary.record_id;
      if (!w_.plant_forgets) w_.records[id] = canary.token;
      w_.visible_at[id] = clock_.now().steady + w_.visible_after;
      if (!answer.failure && w_.assigns_ids) answer.record_id = id;
    }
    live();
    co_return answer;
  }
  net::awaitable<probes::ReadAnswer> read(probes::Canary canary, model::SteadyTime deadline) override {
    ++w_.reads;
    probes::ReadAnswer answer;
    live();
    const bool in_time = co_await take(w_.read_takes, deadline);
    if (!in_time) answer.failure = {model::Write::net, "no answer", true, false, false};
    if (!w_.container_exists)
      answer.failure = {model::Write::server, "table does not exist", false, true, false};
    if (w_.read_fails) answer.failure = w_.read_fails;
    if (answer.failure) co_return answer;
    answer.identity_proved = w_.proves_identity;
    const auto it = w_.records.find(canary.record_id);
    const bool there = it != w_.records.end() && w_.visible_at[canary.record_id] <= clock_.now().steady;
    answer.found = there && !w_.hides_everything ? probes::Found::yes : probes::Found::no;
    const bool exists = it != w_.records.end();
    if (exists && !there && w_.before.contains(canary.record_id)) {  // the update is not seen yet
      answer.found = probes::Found::yes;
      answer.token = w_.before[canary.record_id];
      co_return answer;
    }
    if (const auto ghost = w_.ghosts.find(canary.record_id);
        !exists && ghost != w_.ghosts.end() && clock_.now().steady < ghost->second.second) {
      answer.found = probes::Found::yes;
      answer.token = ghost->second.first;
      co_return answer;
    }
    if (answer.found == probes::Found::yes) answer.token = w_.read_alters ? "altered" : it->second;
    co_return answer;
  }
  net::awaitable<probes::UpdateAnswer> update(probes::Canary canary, model::SteadyTime deadline) override {
    ++w_.updates;
    probes::UpdateAnswer answer;
    live();
    const bool in_time = co_await take(w_.plant_takes, deadline);
    const auto it = w_.records.find(canary.record_id);
    answer.absent = it == w_.records.end();
    if (!in_time) answer.failure = {model::Write::net, "no answer", true, false, false};
    if (w_.update_fails) answer.failure = w_.update_fails;
    if (answer.absent || (answer.failure && !w_.plant_stores_though_failing)) co_return answer;
    if (w_.plant_forgets) co_return answer;
    w_.before[canary.record_id] = it->second;
    it->second = canary.token;
    w_.visible_at[canary.record_id] = clock_.now().steady + w_.visible_after;
    live();
    co_return answer;
  }
  net::awaitable<probes::RemoveAnswer> remove(probes::Canary canary, model::SteadyTime) override {
    ++w_.removes;
    probes::RemoveAnswer answer;
    live();
    answer.failure = w_.remove_fails;
    if (answer.failure) co_return answer;
    if (const auto it = w_.records.find(canary.record_id); it != w_.records.end())
      w_.ghosts[it->first] = {it->second, clock_.now().steady + w_.removed_visible_for};
    const bool was_there = w_.records.erase(canary.record_id) > 0;
    w_.before.erase(canary.record_id);
    answer.removed = w_.remove_cannot_tell ? probes::Removed::cannot_tell
                     : was_there           ? probes::Removed::yes
                                           : probes::Removed::was_absent;
    live();
    co_return answer;
  }
  net::awaitable<probes::FindAnswer> find(std::string stream, model::SteadyTime) override {
    ++w_.finds;
    probes::FindAnswer answer;
    for (const auto& [id, token] : w_.records) {
      if (token.starts_with(stream.empty() ? "dc1." : "dc1." + stream + "."))
        answer.records.push_back({id, token});
    }
    co_return answer;
  }
  void finish() override {}
  probes::Description describe(const probes::Canary&) const override {
    probes::Description description;
    description.server_assigns_ids = w_.assigns_ids;
    description.can_find = true;
    return description;
  }

 private:
  void live() {
    if (w_.dies_in > 0 && --w_.dies_in == 0) throw std::runtime_error("killed");
  }
  net::awaitable<bool> take(model::Millis duration, model::SteadyTime deadline) {
    if (duration.count() == 0) co_return true;
    const model::SteadyTime done = clock_.now().steady + duration;
    co_await clock_.sleep_until(std::min(done, deadline));
    co_return done <= deadline;
  }

  World& w_;
  runtime::Clock& clock_;
};

// A ledger in memory that survives the "death" of a probe.
class MemoryLedger final : public probes::Ledger {
 public:
  net::awaitable<model::Result<void>> commit(std::string, probes::LedgerChange change) override {
    ++commits;
    if (fails) co_return model::fail(model::ErrorKind::unavailable, "disk full");
    if (change.stream) stream = *change.stream;
    for (const auto& r : change.put) records[r.seq] = r;
    for (const auto seq : change.forget) records.erase(seq);
    co_return model::Result<void>{};
  }
  std::vector<model::Record> all() const {
    std::vector<model::Record> out;
    for (const auto& [seq, record] : records) out.push_back(record);
    return out;
  }
  model::Stream stream{"t1-orders", "orders", "http", "t", 1, false, false, ""};
  std::map<std::uint64_t, model::Record> records;
  bool fails = false;
  int commits = 0;
};

}  // namespace deadcalm::tests
