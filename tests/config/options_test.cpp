// What holds when nothing is said, and what the surroundings decide.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>

#include "tests/config/surroundings.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

const std::string kSmallest = R"(
services:
  - { name: orders, page: pager, write: { type: http } }
channels:
  - { name: pager, type: pagerduty }
)";

}  // namespace

TEST_CASE("the smallest file has a default for everything else") {
  const config::Loaded loaded = tests::load(kSmallest);
  REQUIRE(loaded.faults.text() == "");
  REQUIRE(loaded.ok());
  const config::Options& options = *loaded.options;
  CHECK(options.site == "test-host");
  CHECK(options.store.path == "deadcalm.db");
  CHECK(options.web.listen == "127.0.0.1:9178");
  CHECK(options.log.level == config::LogLevel::info);
  CHECK(options.log.format == config::LogFormat::text);
  CHECK_FALSE(options.canary_key);
  CHECK_FALSE(options.deadman);
  CHECK(options.anchors.targets.size() == 3);
  CHECK(options.anchors.interval == 30s);
  CHECK(options.services.at(0).page.channels == std::vector<std::string>{"pager"});
  CHECK(options.services.at(0).notify.empty());
  CHECK(options.services.at(0).owner.empty());
  CHECK(options.services.at(0).write.at(0).interval == 60s);
  CHECK(options.services.at(0).write.at(0).timeout == 10s);
  CHECK(config::slow_after(options.services.at(0).policy, options.services.at(0).write.at(0)) == 5s);
  CHECK(loaded.secrets.empty());
}

TEST_CASE("the policy's defaults are those of the manual") {
  const config::PolicyOptions policy = tests::load(kSmallest).options->services.at(0).policy;
  CHECK(policy == config::PolicyOptions{});
  CHECK(policy.failure_threshold == 3);
  CHECK(policy.failing_for == 1min);
  CHECK(policy.recheck_interval == 10s);
  CHECK(policy.success_threshold == 5);
  CHECK(policy.recover_for == 5min);
  CHECK(policy.consistency == 5s);
  CHECK_FALSE(policy.slow_after);
  CHECK(policy.loss_recheck == 30s);
  CHECK(policy.blind_for == 5min);
  CHECK_FALSE(policy.stale_after);
}

TEST_CASE("in a container the state lies on the volume") {
  config::Environment machine = tests::machine();
  machine.in_container = true;
  const config::Loaded loaded = config::load_text(kSmallest, "deadcalm.yaml", machine, tests::known_types());
  CHECK(loaded.options->store.path == "/data/deadcalm.db");
}

TEST_CASE("no anchors is allowed, with a warning") {
  const config::Loaded loaded = tests::load("anchors: []\n" + kSmallest);
  CHECK(loaded.ok());
  CHECK(loaded.options->anchors.targets.empty());
  CHECK(loaded.faults.list().size() == 1);
}

TEST_CASE("a probe's own keys are left to its type, and unknown ones are found there") {
  config::Loaded loaded = tests::load(R"(
services:
  - { name: orders, page: pager, write: { type: http, interval: 30s, url: "https://api.example.com", ulr: x } }
channels:
  - { name: pager, type: pagerduty, key: "${PD_KEY}" }
)");
  REQUIRE(loaded.ok());
  config::Context context = loaded.context();
  config::Reader channel = loaded.options->channels.at(0).reader(context);
  CHECK(channel.secret("key") == model::Secret{"pd-4711"});
  channel.finish();
  CHECK(loaded.ok());
  CHECK(loaded.secrets == std::vector<model::Secret>{model::Secret{"pd-4711"}});

  config::Reader probe = loaded.options->services.at(0).write.at(0).reader(context);
  CHECK(probe.url("url", config::kHttp) == "https://api.example.com");
  probe.finish();
  CHECK_FALSE(loaded.ok());
  CHECK(loaded.faults.list().at(0).path == "services[0].write.ulr");
  CHECK(loaded.faults.list().at(0).message == "unknown key; did you mean \"url\"?");
}

TEST_CASE("the tree survives with its faults, so that the types can add theirs") {
  const config::Loaded loaded = tests::load("servcies: []\n" + kSmallest);
  CHECK_FALSE(loaded.ok());
  CHECK(loaded.options.has_value());
  CHECK_FALSE(tests::load("- a\n").options.has_value());
}

TEST_CASE("a file that cannot be read is a fault") {
  const config::Loaded missing =
      config::load_file("/nowhere/deadcalm.yaml", tests::machine(), tests::known_types());
  CHECK(missing.faults.text() ==
        "/nowhere/deadcalm.yaml:1:1: cannot read the file: No such file or directory; give its path with -c "
        "FILE "
        "(in a container: mount its folder there)\n");
  const config::Loaded folder = config::load_file("/tmp", tests::machine(), tests::known_types());
  CHECK(folder.faults.text() == "/tmp:1:1: cannot read the file: it is a directory\n");
}

TEST_CASE("a file is read from disk, and names in it start at its folder") {
  const auto file = tests::data_folder() / "good/rest-behind-cdn.yaml";
  const config::Loaded loaded = config::load_file(file, tests::machine(), tests::known_types());
  CHECK(loaded.ok());
  CHECK(loaded.base_dir == file.parent_path());
}

TEST_CASE("a file without end is cut off") {
  const config::Loaded loaded = config::load_file("/dev/zero", tests::machine(), tests::known_types());
  REQUIRE(loaded.faults.list().size() == 1);
  CHECK(loaded.faults.list()[0].message == "the file is larger than 16 MiB");
}

TEST_CASE("this process offers its variables and files") {
  const config::Environment here = config::process_environment();
  CHECK_FALSE(here.variables.empty());
  CHECK_FALSE(here.host_name.empty());
  CHECK(here.read_file((tests::data_folder() / "good/offline-app.yaml").string()).has_value());
  CHECK(here.read_file("/nowhere/secret").error().message == "No such file or directory");
  CHECK(here.read_file("/tmp").error().message == "it is a directory");
  CHECK(here.read_file("/dev/zero").error().message == "it is larger than 1 MiB");
}

TEST_CASE("a file that is refused names the user who asked") {
  CHECK(config::why_unreadable(EACCES) ==
        "Permission denied for user id " + std::to_string(::geteuid()) + ", as which deadcalm runs");
  CHECK(config::why_unreadable(ENOENT) == "No such file or directory");
}

TEST_CASE("the image says that it is a container where no file does") {
  const char* before = std::getenv("container");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("container", "oci", 1);
  CHECK(config::process_environment().in_container);
  before != nullptr ? ::setenv("container", kept.c_str(), 1) : ::unsetenv("container");
}
