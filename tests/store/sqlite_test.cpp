#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "store/instance_lock.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;

namespace {
store::Batch with_command(const std::string& reason) {
  store::Batch batch;
  model::Command c;
  c.reason = reason;
  batch.commands = {c};
  return batch;
}
}  // namespace

TEST_CASE("what was committed is there after kill -9") {
  const tests::TempDir dir;
  const std::string path = dir.file("s.db");
  const std::string instance = store::open_sqlite(path).value()->identity().value().instance;
  const pid_t child = ::fork();
  if (child == 0) {
    auto s = store::open_sqlite(path).value();
    for (int i = 0; i < 10; ++i) (void)s->commit(with_command(std::to_string(i)));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  auto s = store::open_sqlite(path).value();
  CHECK(s->inbox_after(0, 100).value().size() == 10);
  CHECK(s->identity().value().instance == instance);
}

TEST_CASE("a file of the first schema is brought up to date, and its history has its times") {
  const tests::TempDir dir;
  const std::string path = dir.file("s.db");
  {
    auto s = store::open_sqlite(path).value();
    store::Batch batch = with_command("old");
    batch.commands[0].at = model::from_unix_millis(1'000);
    batch.incidents = {{"orders", 1, false, R"({"resolved_at": 2000})", {}},
                       {"orders", 2, true, R"({"resolved_at": null})", {}}};
    batch.cursors = {{"alerting", 1}, {"monitor", 1}};
    REQUIRE(s->commit(batch));
  }
  SQLite::Database(path, SQLite::OPEN_READWRITE)
      .exec(
          "DROP INDEX pages_incident; ALTER TABLE inbox DROP COLUMN at; ALTER TABLE incidents DROP COLUMN "
          "closed; ALTER TABLE streams DROP COLUMN known_good; PRAGMA user_version = 1");
  auto s = store::open_sqlite(path).value();
  CHECK(s->incidents(false).value().at(0).closed == model::from_unix_millis(2'000));
  CHECK_FALSE(s->incidents(false).value().at(1).closed);
  CHECK(s->prune(model::from_unix_millis(1'000), 10).value() == 0);
  CHECK(s->prune(model::from_unix_millis(1'001), 10).value() == 1);
  CHECK(s->prune(model::from_unix_millis(2'001), 10).value() == 1);
}

TEST_CASE("a command appended by another process is read beside our own") {
  const tests::TempDir dir;
  auto daemon = store::open_sqlite(dir.file("s.db")).value();
  REQUIRE(daemon->commit(with_command("own")));
  auto command_line = store::open_sqlite(dir.file("s.db")).value();
  REQUIRE(command_line->commit(with_command("theirs")));
  CHECK(daemon->inbox_after(0, 10).value().size() == 2);
}

TEST_CASE("the file is private: it holds the canary key") {
  const tests::TempDir dir;
  const auto s = store::open_sqlite(dir.file("s.db")).value();
  struct stat info{};
  REQUIRE(::stat(dir.file("s.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a store that cannot be opened says why and how to mend it") {
  const tests::TempDir dir;
  SECTION("no such folder") {
    const auto s = store::open_sqlite(dir.file("nowhere/s.db"));
    REQUIRE_FALSE(s);
    CHECK(s.error().message.find("check that the folder exists") != std::string::npos);
  }
  SECTION("not a database") {
    std::ofstream(dir.file("s.db"))
        << "this is not a database, it is a shopping list, long enough to be read";
    const auto s = store::open_sqlite(dir.file("s.db"));
    REQUIRE_FALSE(s);
    CHECK(s.error().message.find("move the file away") != std::string::npos);
  }
  SECTION("written by a newer release") {
    {
      (void)store::open_sqlite(dir.file("s.db")).value();
    }
    SQLite::Database(dir.file("s.db"), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
    const auto s = store::open_sqlite(dir.file("s.db"));
    REQUIRE_FALSE(s);
    CHECK(s.error().message.find("newer deadcalm (schema 99") != std::string::npos);
  }
}

TEST_CASE("a batch that cannot be applied fails alone, and the others of its group are durable") {
  const tests::TempDir dir;
  auto s = store::open_sqlite(dir.file("s.db")).value();
  SQLite::Database(dir.file("s.db"), SQLite::OPEN_READWRITE)
      .exec(
          "CREATE TRIGGER refuse BEFORE INSERT ON documents WHEN new.key = 'bad' "
          "BEGIN SELECT RAISE(ABORT, 'refused'); END");
  const auto document = [](const char* key) {
    store::Batch batch = with_command(key);
    batch.documents.push_back({"state", key, "x"});
    return batch;
  };
  const store::Batch first = document("first");
  const store::Batch bad = document("bad");
  const store::Batch last = document("last");
  const auto results = s->commit_group({&first, &bad, &last});
  CHECK(results[0]);
  REQUIRE_FALSE(results[1]);
  CHECK(results[1].error().message.find("refused") != std::string::npos);
  CHECK(results[2]);
  CHECK(s->documents("state").value().size() == 2);
  CHECK(s->inbox_after(0, 10).value().size() == 2);  // nothing of the bad one
  CHECK_FALSE(s->commit(bad));
  CHECK(s->commit(document("after")));
}

// A limit on the file size answers EFBIG where a full disk answers ENOSPC: SQLite treats both alike.
// In a child, because the limit is the process's.
TEST_CASE("a disk without space fails the commit whole, and it works again when there is space") {
  const tests::TempDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto s = store::open_sqlite(dir.file("s.db")).value();
    if (!s->commit(with_command("first"))) ::_exit(1);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 200'000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    store::Batch large = with_command("lost");
    large.documents.push_back({"state", "x", std::string(1'000'000, 'x')});
    const auto result = s->commit(large);
    if (result || result.error().kind != model::ErrorKind::unavailable) ::_exit(2);
    limit.rlim_cur = before;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!s->documents("state").value().empty()) ::_exit(3);
    if (!s->commit(with_command("after"))) ::_exit(4);
    ::_exit(s->inbox_after(0, 10).value().size() == 2 ? 0 : 5);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a store in a folder that is not there: which file, and who would write it") {
  const auto refused = store::InstanceLock::take("/nowhere/s.db");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "cannot create /nowhere/s.db.lock: No such file or directory; check that the "
        "folder exists and that user id " +
            std::to_string(::geteuid()) + ", as which deadcalm runs, may write there");
}

TEST_CASE("a second daemon on the same store is refused") {
  const tests::TempDir dir;
  auto first = store::InstanceLock::take(dir.file("s.db"));
  REQUIRE(first);
  const auto second = store::InstanceLock::take(dir.file("s.db"));
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("process " + std::to_string(::getpid())) != std::string::npos);
  {
    const auto moved = std::move(*first);
  }
  CHECK(store::InstanceLock::take(dir.file("s.db")));
}
