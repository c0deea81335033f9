#pragma once
// The embedded store: one SQLite file in WAL mode, synchronous=FULL, so that a committed page survives
// a power cut. The command line may open the same file beside the daemon to append commands.
#include <memory>
#include <string>

#include "store/store.h"

namespace deadcalm::store {

// Creates the file (mode 0600: it holds the canary key) and its tables if missing, migrates an older
// one, checks a damaged one (PRAGMA quick_check). The error says the path, what is wrong and how to mend it.
model::Result<std::unique_ptr<Store>> open_sqlite(const std::string& path);

// Documents of one kind from a file that is opened for reading only, beside a running daemon or without one;
// nothing is made or migrated. not_found where there is no such file.
model::Result<std::vector<Document>> read_documents(const std::string& path, const std::string& kind);

}  // namespace deadcalm::store
