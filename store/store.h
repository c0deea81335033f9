#pragma once
// Everything that must survive a crash, behind one interface. commit() is all or nothing and durable
// when it returns; reads see what was committed.
//
// Implementations: sqlite/ (embedded default), memory/ (tests). One contract suite runs on each
// (tests/store/store_contract_test.cpp). A Store is used from one thread; the loop goes through
// StoreThread. Errors: unavailable (busy, disk full; may work later), internal (damaged file).
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/command.h"
#include "model/error.h"
#include "model/ledger.h"
#include "model/secret.h"
#include "model/transition.h"

namespace deadcalm::store {

// Made once, when the store is created.
struct Identity {
  std::string instance;      // 8 letters and digits, random; the first part of every stream name
  model::Secret canary_key;  // 64 hex digits, unless the config gives one
};

// The inbox holds what alerting (and monitor, for commands) has to act on, in order.
struct InboxItem {
  std::int64_t id = 0;  // ascending
  std::variant<model::Transition, model::Command> item;
};

// Opaque text of its owner (evaluator states, schedules ...). Empty text deletes.
struct Document {
  std::string kind, key, text;
};

// One incident: the key columns for look-ups, the rest as its owner's text.
struct IncidentRow {
  std::string subject;  // alerting's text form of model::Subject
  int generation = 0;   // 1 for a subject's first incident
  bool open = false;
  std::string payload;                      // alerting/incident_json.h
  std::optional<model::WallTime> closed{};  // when it was; absent while it is open
};

enum class PageState {  // stored: never renumber
  queued = 0,           // to be sent at next_at
  sending = 1,          // an attempt began; after a crash its fate is unknown, so it is sent again
  accepted = 2,
  dead = 3,        // given up; alerting has opened an incident of its own about that
  superseded = 4,  // no longer needed, and never accepted
};

struct PageRow {
  std::int64_t number = 0;  // ascending, given by the store; FIFO within an order_key
  std::string id;           // unique; the same through all retries
  std::string order_key;    // channel and incident: one in flight at a time
  std::string channel;
  std::string incident;  // "<subject>#<generation>"
  PageState state = PageState::queued;
  std::string payload;  // alerting/page_json.h
  int attempts = 0;
  bool ambiguous = false;  // an earlier attempt may have been received
  model::WallTime created{}, next_at{};
  std::string last_error;
  std::string provider_ref;
};

struct Cursor {
  std::string name;  // reader
  std::int64_t inbox_id = 0;
};
inline constexpr const char* kReaders[] = {"alerting", "monitor"};

// One transaction. Rows are inserted or replaced by their key; pages are inserted unless their id is
// known already (replaying an inbox item after a crash repeats nothing), and changed by page_changes.
struct Batch {
  std::vector<model::Stream> streams;
  std::vector<model::Record> records;
  std::vector<std::pair<std::string, std::uint64_t>> forget_records;  // stream, seq
  std::vector<std::string> forget_streams;                            // with their records
  std::vector<Document> documents;
  std::vector<model::Transition> transitions;  // appended to the inbox, before commands
  std::vector<model::Command> commands;
  std::vector<IncidentRow> incidents;
  std::vector<PageRow> new_pages;     // `number` is ignored
  std::vector<PageRow> page_changes;  // found by id
  std::vector<Cursor> cursors;

  bool empty() const;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual model::Result<void> commit(const Batch& batch) = 0;
  // Several batches in one transaction, each all or nothing by itself: the answer has one result a
  // batch. Costs one wait for the disk however many there are.
  virtual std::vector<model::Result<void>> commit_group(const std::vector<const Batch*>& batches) = 0;

  virtual model::Result<Identity> identity() = 0;
  virtual model::Result<std::vector<model::Stream>> streams() = 0;
  virtual model::Result<std::vector<model::Record>> records() = 0;
  virtual model::Result<std::vector<Document>> documents(const std::string& kind) = 0;
  virtual model::Result<std::vector<InboxItem>> inbox_after(std::int64_t id, int limit) = 0;
  virtual model::Result<std::int64_t> cursor(const std::string& name) = 0;  // 0 if unknown
  virtual model::Result<std::vector<IncidentRow>> incidents(bool open_only) = 0;
  virtual model::Result<std::vector<PageRow>> unsent_pages() = 0;  // queued and sending, by number

  // Deletes history from before `before`, at most `limit` rows of each kind, oldest first; how many went.
  // Kept whatever its age: what a reader (kReaders) has not acted on; open incidents and their pages; unsent
  // pages and their incidents; and the newest incident of each subject, whose number the next one follows.
  virtual model::Result<int> prune(model::WallTime before, int limit) = 0;
};

}  // namespace deadcalm::store
