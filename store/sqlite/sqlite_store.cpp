#include "store/sqlite/sqlite_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "model/token.h"
#include "store/sqlite/migrations.h"
#include "store/work_item_json.h"

namespace deadcalm::store {
namespace {

using model::ErrorKind;
using model::Result;

// A list of texts that hold no line ends, a line each.
std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::int64_t millis(model::WallTime t) {
  return model::unix_millis(t);
}
model::WallTime wall(const SQLite::Column& column) {
  return model::from_unix_millis(column.getInt64());
}

ErrorKind kind_of(const SQLite::Exception& e) {
  switch (e.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return ErrorKind::unavailable;
    default: return ErrorKind::internal;
  }
}

// Runs `body`, turning SQLite's exceptions into errors.
template <class Body>
auto guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& e) {
    return model::fail(kind_of(e), std::string("store: ") + e.what());
  }
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const std::string& path)
      : db_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX) {
    db_.setBusyTimeout(5000);
    db_.exec("PRAGMA journal_mode = WAL");
    db_.exec("PRAGMA synchronous = FULL");
    db_.exec("PRAGMA foreign_keys = ON");
    const std::string check = db_.execAndGet("PRAGMA quick_check(1)").getString();
    if (check != "ok") throw SQLite::Exception("damaged: " + check, SQLITE_CORRUPT);
    sqlite::migrate(db_);
    create_identity();
  }

  Result<void> commit(const Batch& batch) override { return commit_group({&batch}).front(); }

  std::vector<Result<void>> commit_group(const std::vector<const Batch*>& batches) override {
    std::vector<Result<void>> results(batches.size());
    Result<void> whole = guarded([&] { return commit_together(batches); });
    if (!whole && whole.error().kind != ErrorKind::unavailable && batches.size() > 1) {
      whole = guarded([&] { return commit_apart(batches, results); });
    }
    if (!whole) std::fill(results.begin(), results.end(), whole);
    return results;
  }

  Result<Identity> identity() override {
    return guarded([&]() -> Result<Identity> {
      SQLite::Statement& q = prepared("SELECT instance, canary_key FROM identity");
      if (!q.executeStep()) return model::fail(ErrorKind::internal, "store: has no identity");
      Identity found{q.getColumn(0).getString(), model::Secret(q.getColumn(1).getString())};
      q.reset();
      return found;
    });
  }

  Result<std::vector<model::Stream>> streams() override {
    return rows<model::Stream>(
        "SELECT name, service, probe, target, next_seq, armed, container_created, container_identity, "
        "known_good FROM "
        "streams "
        "ORDER BY name",
        [](SQLite::Statement& q) {
          return model::Stream{q.getColumn(0).getString(),
                               q.getColumn(1).getString(),
                               q.getColumn(2).getString(),
                               q.getColumn(3).getString(),
                               static_cast<std::uint64_t>(q.getColumn(4).getInt64()),
                               q.getColumn(5).getInt() != 0,
                               q.getColumn(6).getInt() != 0,
                               q.getColumn(7).getString(),
                               lines_of(q.getColumn(8).getString())};
        });
  }

  Result<std::vector<model::Record>> records() override {
    return rows<model::Record>(
        "SELECT stream, seq, state, token, id, planted, seen_absent FROM records ORDER BY stream, seq",
        [](SQLite::Statement& q) {
          model::Record record{q.getColumn(0).getString(),
                               static_cast<std::uint64_t>(q.getColumn(1).getInt64()),
                               static_cast<model::RecordState>(q.getColumn(2).getInt()),
                               q.getColumn(3).getString(),
                               q.getColumn(4).getString(),
                               wall(q.getColumn(5)),
                               {}};
          if (!q.getColumn(6).isNull()) record.seen_absent = wall(q.getColumn(6));
          return record;
        });
  }

  Result<std::vector<Document>> documents(const std::string& kind) override {
    return rows<Document>(
        "SELECT kind, key, text FROM documents WHERE kind = ? ORDER BY key",
        [](SQLite::Statement& q) {
          return Document{q.getColumn(0).getString(), q.getColumn(1).getString(), q.getColumn(2).getString()};
        },
        kind);
  }

  Result<std::vector<InboxItem>> inbox_after(std::int64_t id, int limit) override {
    return guarded([&]() -> Result<std::vector<InboxItem>> {
      SQLite::Statement& q = prepared("SELECT id, kind, payload FROM inbox WHERE id > ? ORDER BY id LIMIT ?");
      q.bind(1, id);
      q.bind(2, limit);
      std::vector<InboxItem> items;
      while (q.executeStep()) {
        InboxItem item;
        item.id = q.getColumn(0).getInt64();
        const std::string payload = q.getColumn(2).getString();
        if (q.getColumn(1).getString() == "transition") {
          auto transition = transition_from_json(payload);
          if (!transition) return std::unexpected(transition.error());
          item.item = *std::move(transition);
        } else {
          auto command = command_from_json(payload);
          if (!command) return std::unexpected(command.error());
          item.item = *std::move(command);
        }
        items.push_back(std::move(item));
      }
      q.reset();
      return items;
    });
  }

  Result<std::int64_t> cursor(const std::string& name) override {
    return guarded([&]() -> Result<std::int64_t> {
      SQLite::Statement& q = prepared("SELECT inbox_id FROM cursors WHERE name = ?");
      q.bind(1, name);
      const std::int64_t found = q.executeStep() ? q.getColumn(0).getInt64() : 0;
      q.reset();
      return found;
    });
  }

  Result<std::vector<IncidentRow>> incidents(bool open_only) override {
    return rows<IncidentRow>(
        "SELECT subject, generation, open, payload, closed FROM incidents WHERE open = 1 OR ? = 0 "
        "ORDER BY subject, generation",
        [](SQLite::Statement& q) {
          IncidentRow row{q.getColumn(0).getString(), q.getColumn(1).getInt(), q.getColumn(2).getInt() != 0,
                          q.getColumn(3).getString()};
          if (!q.getColumn(4).isNull()) row.closed = wall(q.getColumn(4));
          return row;
        },
        open_only ? 1 : 0);
  }

  Result<std::vector<PageRow>> unsent_pages() override {
    return rows<PageRow>(
        "SELECT number, id, order_key, channel, incident, state, payload, attempts, ambiguous, created, "
        "next_at, "
        "last_error, provider_ref FROM pages WHERE state IN (0, 1) ORDER BY number",
        [](SQLite::Statement& q) {
          return PageRow{q.getColumn(0).getInt64(),    q.getColumn(1).getString(),
                         q.getColumn(2).getString(),   q.getColumn(3).getString(),
                         q.getColumn(4).getString(),   static_cast<PageState>(q.getColumn(5).getInt()),
                         q.getColumn(6).getString(),   q.getColumn(7).getInt(),
                         q.getColumn(8).getInt() != 0, wall(q.getColumn(9)),
                         wall(q.getColumn(10)),        q.getColumn(11).getString(),
                         q.getColumn(12).getString()};
        });
  }

  // The oldest rows only are looked at, so that a call costs the same however long the history is.
  Result<int> prune(model::WallTime before, int limit) override {
    return guarded([&]() -> Result<int> {
      SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
      const std::int64_t oldest = millis(before);
      int gone =
          run("DELETE FROM inbox WHERE at < ? AND id IN (SELECT id FROM inbox ORDER BY id LIMIT ?) AND "
              "id <= (SELECT CASE count(*) WHEN 2 THEN min(inbox_id) ELSE 0 END FROM cursors "
              "WHERE name IN (?, ?))",
              oldest, limit, std::string(kReaders[0]), std::string(kReaders[1]));
      gone +=
          run("DELETE FROM pages WHERE number IN (SELECT number FROM pages p WHERE created < ? AND "
              "state NOT IN (0, 1) AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.open = 1 AND "
              "i.subject || '#' || i.generation = p.incident) ORDER BY number LIMIT ?)",
              oldest, limit);
      gone +=
          run("DELETE FROM incidents WHERE (subject, generation) IN (SELECT subject, generation FROM "
              "incidents i WHERE open = 0 AND closed < ? AND generation < (SELECT max(generation) FROM "
              "incidents n WHERE n.subject = i.subject) AND NOT EXISTS (SELECT 1 FROM pages p WHERE "
              "p.incident = i.subject || '#' || i.generation AND p.state IN (0, 1)) LIMIT ?)",
              oldest, limit);
      transaction.commit();
      return gone;
    });
  }

 private:
  void create_identity() {
    SQLite::Statement insert(db_,
                             "INSERT OR IGNORE INTO identity (id, instance, canary_key) VALUES (1, ?, ?)");
    insert.bind(1, model::random_hex(4));
    insert.bind(2, model::random_hex(32));
    insert.exec();
  }

  // Statements are kept: preparing one costs more than running it. Keyed by the literal's address.
  SQLite::Statement& prepared(const char* sql) {
    auto it = statements_.find(sql);
    if (it == statements_.end()) it = statements_.try_emplace(sql, db_, sql).first;
    (void)it->second.tryReset();  // repeats the error of its last run, which was told then
    it->second.clearBindings();
    return it->second;
  }

  template <class... Values>
  int run(const char* sql, const Values&... values) {  // how many rows it changed
    SQLite::Statement& statement = prepared(sql);
    int index = 0;
    (statement.bind(++index, values), ...);
    const int changed = statement.exec();
    statement.reset();
    return changed;
  }

  template <class Row, class Make, class... Values>
  Result<std::vector<Row>> rows(const char* sql, Make make, const Values&... values) {
    return guarded([&]() -> Result<std::vector<Row>> {
      SQLite::Statement& q = prepared(sql);
      int index = 0;
      (q.bind(++index, values), ...);
      std::vector<Row> found;
      while (q.executeStep()) found.push_back(make(q));
      q.reset();
      return found;
    });
  }

  // The usual way: all of them, or none.
  Result<void> commit_together(const std::vector<const Batch*>& batches) {
    run("BEGIN IMMEDIATE");
    try {
      for (const Batch* batch : batches) apply(*batch);
      run("COMMIT");
    } catch (const SQLite::Exception&) {
      if (sqlite3_get_autocommit(db_.getHandle()) == 0)
        db_.exec("ROLLBACK");  // a full disk rolls back itself
      throw;
    }
    return {};
  }

  // One of them cannot be applied: a savepoint for each keeps it from taking the others with it. A full
  // disk or an I/O error ends the whole transaction in SQLite, so that is thrown on to fail all of them.
  Result<void> commit_apart(const std::vector<const Batch*>& batches, std::vector<Result<void>>& results) {
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    for (std::size_t i = 0; i < batches.size(); ++i) {
      db_.exec("SAVEPOINT one_batch");
      results[i] = guarded([&]() -> Result<void> {
        apply(*batches[i]);
        return {};
      });
      if (!results[i] && results[i].error().kind == ErrorKind::unavailable) return results[i];
      if (!results[i]) db_.exec("ROLLBACK TO one_batch");
      db_.exec("RELEASE one_batch");
    }
    transaction.commit();
    return {};
  }

  void apply(const Batch& batch) {
    for (const model::Stream& s : batch.streams) {
      run("INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", s.name, s.service, s.probe,
          s.target, static_cast<std::int64_t>(s.next_seq), s.armed ? 1 : 0, s.container_created ? 1 : 0,
          s.container_identity, text_of(s.known_good));
    }
    for (const model::Record& r : batch.records) apply(r);
    for (const auto& [stream, seq] : batch.forget_records) {
      run("DELETE FROM records WHERE stream = ? AND seq = ?", stream, static_cast<std::int64_t>(seq));
    }
    for (const std::string& stream : batch.forget_streams) {
      run("DELETE FROM records WHERE stream = ?", stream);
      run("DELETE FROM streams WHERE name = ?", stream);
    }
    for (const Document& d : batch.documents) {
      if (d.text.empty()) {
        run("DELETE FROM documents WHERE kind = ? AND key = ?", d.kind, d.key);
      } else {
        run("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", d.kind, d.key, d.text);
      }
    }
    constexpr const char* append = "INSERT INTO inbox (kind, payload, at) VALUES (?, ?, ?)";
    for (const model::Transition& t : batch.transitions) {
      run(append, std::string("transition"), to_json(t), millis(t.at.wall));
    }
    for (const model::Command& c : batch.commands) {
      run(append, std::string("command"), to_json(c), millis(c.at));
    }
    for (const IncidentRow& i : batch.incidents) apply(i);
    for (const PageRow& p : batch.new_pages) {
      run("INSERT OR IGNORE INTO pages (id, order_key, channel, incident, state, payload, attempts, "
          "ambiguous, created, "
          "next_at, last_error, provider_ref) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          p.id, p.order_key, p.channel, p.incident, static_cast<int>(p.state), p.payload, p.attempts,
          p.ambiguous ? 1 : 0, millis(p.created), millis(p.next_at), p.last_error, p.provider_ref);
    }
    for (const PageRow& p : batch.page_changes) {
      run("UPDATE pages SET state = ?, payload = ?, attempts = ?, ambiguous = ?, next_at = ?, last_error = "
          "?, "
          "provider_ref = ? WHERE id = ?",
          static_cast<int>(p.state), p.payload, p.attempts, p.ambiguous ? 1 : 0, millis(p.next_at),
          p.last_error, p.provider_ref, p.id);
    }
    for (const Cursor& c : batch.cursors)
      run("INSERT OR REPLACE INTO cursors VALUES (?, ?)", c.name, c.inbox_id);
  }

  void apply(const IncidentRow& i) {
    SQLite::Statement& q = prepared(
        "INSERT OR REPLACE INTO incidents (subject, generation, open, payload, closed) VALUES (?, ?, ?, ?, "
        "?)");
    q.bind(1, i.subject);
    q.bind(2, i.generation);
    q.bind(3, i.open ? 1 : 0);
    q.bind(4, i.payload);
    if (i.closed) q.bind(5, millis(*i.closed));
    q.exec();
    q.reset();
  }

  void apply(const model::Record& r) {
    constexpr const char* sql = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)";
    SQLite::Statement& q = prepared(sql);
    q.bind(1, r.stream);
    q.bind(2, static_cast<std::int64_t>(r.seq));
    q.bind(3, static_cast<int>(r.state));
    q.bind(4, r.token);
    q.bind(5, r.id);
    q.bind(6, millis(r.planted));
    if (r.seen_absent) q.bind(7, millis(*r.seen_absent));
    q.exec();
    q.reset();
  }

  SQLite::Database db_;
  std::map<const char*, SQLite::Statement> statements_;  // after db_: destroyed before it
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path) {
  const mode_t before = ::umask(0077);
  Result<std::unique_ptr<Store>> opened;
  try {
    opened = std::make_unique<SqliteStore>(path);
  } catch (const SQLite::Exception& e) {
    const bool damaged = e.getErrorCode() == SQLITE_CORRUPT || e.getErrorCode() == SQLITE_NOTADB;
    opened = model::fail(kind_of(e),
                         "store " + path + ": " + e.what() +
                             (damaged ? "; move the file away to start afresh (canaries already planted "
                                        "stay in your backends until you remove them)"
                                      : "; check that the folder exists, is writable and has space"));
  } catch (const std::exception& e) {
    opened = model::fail(ErrorKind::bad_input, "store " + path + ": " + e.what());
  }
  ::umask(before);
  return opened;
}

Result<std::vector<Document>> read_documents(const std::string& path, const std::string& kind) {
  if (::access(path.c_str(), F_OK) != 0)
    return model::fail(ErrorKind::not_found, "store " + path + ": not there");
  try {
    SQLite::Database db(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX);
    db.setBusyTimeout(1000);
    SQLite::Statement q(db, "SELECT key, text FROM documents WHERE kind = ? ORDER BY key");
    q.bind(1, kind);
    std::vector<Document> found;
    while (q.executeStep()) found.push_back({kind, q.getColumn(0).getString(), q.getColumn(1).getString()});
    return found;
  } catch (const SQLite::Exception& e) {
    return model::fail(kind_of(e), "store " + path + ": " + e.what());
  }
}

}  // namespace deadcalm::store
