// Each tests/data/config/bad/NAME.yaml is refused with exactly the text of NAME.expected; those that
// are only warned about load. With DEADCALM_WRITE_EXPECTED=1 in the environment the .expected files
// are written instead: read the diff before you commit it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "tests/config/surroundings.h"

namespace fs = std::filesystem;
using namespace deadcalm;

namespace {

std::set<fs::path> bad_files() {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(tests::data_folder() / "bad")) {
    if (entry.path().extension() == ".yaml") files.insert(entry.path());
  }
  return files;
}

fs::path expected_of(fs::path file) {
  return file.replace_extension(".expected");
}

}  // namespace

TEST_CASE("faulty files are refused with the exact text that says how to mend them") {
  const auto files = bad_files();
  REQUIRE(files.size() >= 40);
  const bool write = std::getenv("DEADCALM_WRITE_EXPECTED") != nullptr;
  for (const fs::path& file : files) {
    INFO(file.filename());
    const config::Loaded loaded = tests::load(tests::content(file), file.filename());
    if (write) std::ofstream(expected_of(file), std::ios::binary) << loaded.faults.text();
    CHECK(loaded.faults.text() == tests::content(expected_of(file)));
    CHECK(loaded.faults.text() != "");
    const bool only_warned =
        std::ranges::all_of(loaded.faults.list(), [](const config::Fault& fault) { return fault.warning; });
    CHECK(loaded.ok() == only_warned);
  }
}

TEST_CASE("every expected text belongs to a file") {
  for (const auto& entry : fs::directory_iterator(tests::data_folder() / "bad")) {
    INFO(entry.path());
    CHECK(fs::exists(fs::path(entry.path()).replace_extension(".yaml")));
    CHECK(fs::exists(expected_of(entry.path())));
  }
}
