// Each tests/config/faulty/NAME.yaml is refused, or only warned about, with exactly the text of
// NAME.expected: whole configurations, the keys of the probes included. With DEADCALM_WRITE_EXPECTED=1 in the
// environment the .expected files are written instead: read the diff before you commit it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "app/configured.h"

using namespace deadcalm;

namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<fs::path> files(const std::string& extension) {
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(fs::path(DEADCALM_SOURCE_DIR) / "tests/config/faulty")) {
    if (entry.path().extension() == extension) found.insert(entry.path());
  }
  return found;
}

// {"alg":"HS256"} . {"role":"service_role"}
constexpr const char* kServiceKey = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln";

config::Environment machine() {
  config::Environment machine;
  const std::map<std::string, std::string> secrets{
      {"local_dsn", "host=127.0.0.1 user=deadcalm dbname=shop"},
      {"far_dsn", "postgresql://deadcalm:s3cret@db.example.com/shop"},
      {"require_dsn", "postgresql://deadcalm:s3cret@db.example.com/shop?sslmode=require"},
      {"rooted_dsn", "postgresql://deadcalm:s3cret@db.example.com/shop?sslrootcert=/etc/ssl/a.pem"},
      {"odd_dsn", "db.example.com, user deadcalm"},
      {"anon", "sb_publishable_0123456789"},
      {"service", kServiceKey},
      {"sb_secret", "sb_secret_0123456789"},
      {"pw", "0123456789abcdef"}};
  machine.read_file = [secrets](const std::string& path) -> model::Result<std::string> {
    const auto known = secrets.find(fs::path(path).filename());
    if (known == secrets.end()) return model::fail(model::ErrorKind::not_found, "No such file or directory");
    return known->second;
  };
  return machine;
}

}  // namespace

TEST_CASE("faulty configurations of probes are told with the exact text that says how to mend them") {
  const auto faulty = files(".yaml");
  REQUIRE(faulty.size() >= 20);
  const bool write = std::getenv("DEADCALM_WRITE_EXPECTED") != nullptr;
  for (const fs::path& file : faulty) {
    INFO(file.filename());
    const auto configured = app::configure_text(content(file), file.filename(), machine());
    const config::Faults& faults = configured->loaded.faults;
    const fs::path expected = fs::path(file).replace_extension(".expected");
    if (write) std::ofstream(expected, std::ios::binary) << faults.text();
    CHECK(faults.text() == content(expected));
    CHECK(faults.text() != "");
    const bool only_warned = std::ranges::all_of(faults.list(), &config::Fault::warning);
    CHECK(configured->ok() == only_warned);
  }
  for (const fs::path& expected : files(".expected"))
    CHECK(fs::exists(fs::path(expected).replace_extension(".yaml")));
}
