#pragma once
// The numbered steps from an empty file to today's tables. Append only: a step that has shipped never
// changes. docs/formats.md describes the result.
#include <string_view>

namespace SQLite {
class Database;
}

namespace deadcalm::store::sqlite {

// The schema this program writes (PRAGMA user_version).
int current_version();

// Brings the file up to current_version(), one transaction a step. Throws SQLite::Exception; throws
// std::runtime_error when a newer deadcalm wrote the file, without touching it.
void migrate(SQLite::Database& db);

}  // namespace deadcalm::store::sqlite
