#include "store/sqlite/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <stdexcept>
#include <string>

namespace deadcalm::store::sqlite {
namespace {

constexpr std::array<std::string_view, 3> kSteps{
    R"sql(
    CREATE TABLE identity (
      id INTEGER PRIMARY KEY CHECK (id = 1), instance TEXT NOT NULL, canary_key TEXT NOT NULL);
    CREATE TABLE streams (
      name TEXT PRIMARY KEY, service TEXT NOT NULL, probe TEXT NOT NULL, target TEXT NOT NULL,
      next_seq INTEGER NOT NULL, armed INTEGER NOT NULL, container_created INTEGER NOT NULL,
      container_identity TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE records (
      stream TEXT NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL, token TEXT NOT NULL,
      id TEXT NOT NULL, planted INTEGER NOT NULL, seen_absent INTEGER,
      PRIMARY KEY (stream, seq)) WITHOUT ROWID;
    CREATE TABLE documents (
      kind TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
    CREATE TABLE inbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, payload TEXT NOT NULL);
    CREATE TABLE cursors (name TEXT PRIMARY KEY, inbox_id INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE incidents (
      subject TEXT NOT NULL, generation INTEGER NOT NULL, open INTEGER NOT NULL, payload TEXT NOT NULL,
      PRIMARY KEY (subject, generation)) WITHOUT ROWID;
    CREATE INDEX incidents_open ON incidents (open) WHERE open = 1;
    CREATE TABLE pages (
      number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, order_key TEXT NOT NULL,
      channel TEXT NOT NULL, incident TEXT NOT NULL, state INTEGER NOT NULL, payload TEXT NOT NULL,
      attempts INTEGER NOT NULL, ambiguous INTEGER NOT NULL, created INTEGER NOT NULL, next_at INTEGER NOT NULL,
      last_error TEXT NOT NULL, provider_ref TEXT NOT NULL);
    CREATE INDEX pages_unsent ON pages (number) WHERE state IN (0, 1);
    )sql",
    // When things happened, so that old ones can go.
    R"sql(
    ALTER TABLE inbox ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
    UPDATE inbox SET at = coalesce(json_extract(payload, '$.at'), 0);
    ALTER TABLE incidents ADD COLUMN closed INTEGER;
    UPDATE incidents SET closed = json_extract(payload, '$.resolved_at') WHERE open = 0;
    CREATE INDEX pages_incident ON pages (incident);
    )sql",
    // The named business records that were seen good, a line each.
    R"sql(
    ALTER TABLE streams ADD COLUMN known_good TEXT NOT NULL DEFAULT '';
    )sql",
};

}  // namespace

int current_version() {
  return static_cast<int>(kSteps.size());
}

void migrate(SQLite::Database& db) {
  const int found = db.execAndGet("PRAGMA user_version").getInt();
  if (found > current_version()) {
    throw std::runtime_error("was written by a newer deadcalm (schema " + std::to_string(found) +
                             ", this one knows " + std::to_string(current_version()) +
                             "): upgrade deadcalm, or give another store.path");
  }
  for (int version = found; version < current_version(); ++version) {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    db.exec(std::string(kSteps[static_cast<std::size_t>(version)]));
    db.exec("PRAGMA user_version = " + std::to_string(version + 1));
    transaction.commit();
  }
}

}  // namespace deadcalm::store::sqlite
