// The exec backend and check: exit statuses, plugins' output, and real commands on this machine.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "probes/exec/exit_status.h"
#include "probes/exec/plugin.h"
#include "probes/exec/plugin_check.h"
#include "tests/support/backend_rig.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using model::Client;
using model::Write;
using End = runtime::CommandAnswer::End;
using probes::exec::parse_plugin_output;
using probes::exec::Range;

namespace {

// A folder of records, and a script over it that a test changes.
struct Rig : tests::BackendRig {
  tests::TempDir dir;
  std::string yaml;

  Rig() {
    environment = config::process_environment();
    environment.variables["WHERE"] = dir.path().string();
    write_script("plant", "printf %s \"$DEADCALM_TOKEN\" > \"$STORE/$DEADCALM_ID\"");
    write_script("read", "[ -e \"$STORE/$DEADCALM_ID\" ] || exit 4; cat \"$STORE/$DEADCALM_ID\"");
    write_script("remove", "rm \"$STORE/$DEADCALM_ID\"");
    for (const char* verb : {"plant", "read", "remove"})
      yaml += std::string(verb) + ": [" + dir.file(verb) + "]\n";
    yaml += "environment: { STORE: \"${WHERE}\" }\n";
    boot("exec", yaml);
  }
  void write_script(const std::string& name, const std::string& body) {
    std::ofstream(dir.file(name)) << "#!/bin/sh\n" << body << '\n';
    std::filesystem::permissions(dir.path() / name, std::filesystem::perms::owner_all);
  }
  std::size_t records() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
      count += entry.path().filename().string().starts_with("dc-");
    return count;
  }
};

runtime::CommandAnswer ended(int status, std::string out = "", std::string err = "") {
  runtime::CommandAnswer answer;
  answer.end = End::exited;
  answer.status = status;
  answer.out = std::move(out);
  answer.err = std::move(err);
  return answer;
}

// One look of a view.
struct ViewRig : tests::BackendRig {
  model::Observation look(const std::string& yaml, model::Millis limit = 5s) {
    environment = config::process_environment();
    probes::ViewPath path;
    const std::string faults = tests::decode_yaml(
        yaml, environment, [&](config::Reader& r) { path = probes::decode_check("exec", r); });
    INFO(faults);
    REQUIRE(faults.empty());
    const probes::ViewDeps deps{clock, client, io.get_executor(), "a1b2c3d4", key};
    const auto view = path.make({"orders", "check-exec", limit}, deps);
    return tests::run_task(io, view->look());
  }
};

Client client_of(const model::Observation& observation) {
  return std::get<model::ViewLook>(observation.look).client;
}

}  // namespace

TEST_CASE("exec: a verified cycle over a folder, and one record left") {
  Rig rig;
  rig.verify_cycles();
  CHECK(rig.records() == 1);
}

TEST_CASE("exec: statuses have their classes") {
  struct Row {
    int status;
    Write write;
    bool maybe_done;
  };
  const Row rows[] = {
      {1, Write::server, true},     {2, Write::server, true},      {3, Write::unknown, true},
      {64, Write::contract, false}, {65, Write::contract, true},   {68, Write::net, false},
      {69, Write::server, true},    {73, Write::read_only, false}, {75, Write::throttle, false},
      {77, Write::auth, false},     {127, Write::contract, false}, {255, Write::server, true}};
  for (const Row& row : rows) {
    const auto failure = probes::exec::classify(ended(row.status, "", "\n  disk full\nmore"));
    INFO(row.status);
    REQUIRE(failure);
    CHECK(failure->failure == row.write);
    CHECK(failure->maybe_done == row.maybe_done);
    CHECK(failure->detail == "exit status " + std::to_string(row.status) + ": disk full");
  }
  CHECK_FALSE(probes::exec::classify(ended(0)));
  runtime::CommandAnswer want;
  want.own_fault = true;
  CHECK(probes::exec::classify(want)->failure == Write::unknown);
  runtime::CommandAnswer killed;
  killed.end = End::killed;
  killed.status = 11;
  CHECK(probes::exec::classify(killed)->failure == Write::server);
}

TEST_CASE("exec: failures of the commands, as a look sees them") {
  struct Row {
    const char *verb, *script;
    Write write;
    model::ReadBack read_back;
  };
  const Row rows[] = {
      {"plant", "echo refused >&2; exit 77", Write::auth, model::ReadBack::ok},
      {"plant", "exit 73", Write::read_only, model::ReadBack::ok},
      {"plant", "exit 75", Write::throttle, model::ReadBack::ok},
      {"plant", "kill -KILL $$", Write::server, model::ReadBack::ok},
      {"plant", "sleep 60", Write::net, model::ReadBack::ok},
      {"read", "echo something else", Write::contract, model::ReadBack::fail},
      {"read", "exit 1", Write::ok, model::ReadBack::fail},
  };
  for (const Row& row : rows) {
    Rig rig;
    rig.timeout = 1'000ms;
    rig.boot("exec", rig.yaml);
    rig.cycle();
    rig.write_script(row.verb, row.script);
    const auto look = rig.cycle();
    INFO(row.verb << " " << row.script << ": " << rig.last.step << ' ' << rig.last.detail);
    CHECK(look.write == row.write);
    CHECK(look.read_back == row.read_back);
  }
}

TEST_CASE(
    "exec: acknowledged and not kept is lost once the kept one is seen; emptied is a kept record gone") {
  Rig rig;
  rig.cycle();
  rig.write_script("plant", "exit 0");
  CHECK(rig.cycle().read_back == model::ReadBack::lost);
  Rig emptied;
  emptied.cycle();
  std::filesystem::remove(emptied.dir.path() / "dc-t1-orders-1");
  CHECK(emptied.cycle().sentinel == model::Sentinel::missing);
}

TEST_CASE("exec: what does not hold our token is not removed") {
  Rig rig;
  const auto backend = rig.backend("exec", rig.yaml);
  const auto ours = rig.canary(1);
  std::ofstream(rig.dir.file(ours.record_id))
      << probes::make_canary("other", 9, rig.clock.now().wall, rig.key).token;
  const auto removed = tests::run_task(rig.io, backend->remove(ours, rig.soon()));
  REQUIRE(removed.failure);
  CHECK(rig.records() == 1);
}

TEST_CASE("exec: find, and words with names in them") {
  Rig rig;
  const auto ours = rig.canary(7);
  std::ofstream(rig.dir.file("list")) << "dc-7 " << ours.token << "\nx nothing\n";
  const std::string yaml = "plant: [/usr/bin/touch, \"" + rig.dir.path().string() +
                           "/${canary.id}\"]\nread: [/bin/true]\nremove: [/bin/true]\nfind: [cat, \"" +
                           rig.dir.file("list") + "\"]\n";
  const auto backend = rig.backend("exec", yaml);
  CHECK_FALSE(tests::run_task(rig.io, backend->plant(ours, rig.soon())).failure);
  CHECK(std::filesystem::exists(rig.dir.file(ours.record_id)));
  const auto found = tests::run_task(rig.io, backend->find(rig.ledger.stream.name, rig.soon()));
  REQUIRE(found.records.size() == 1);
  CHECK(found.records[0].record_id == "dc-7");
  CHECK(found.records[0].token == ours.token);
  CHECK(backend->describe(ours).requests.size() == 4);
}

TEST_CASE("exec: a shell where it is asked for, and our own secrets stay with us") {
  ViewRig rig;
  ::setenv("DEADCALM_TEST_SECRET", "s3cret", 1);
  const auto seen =
      rig.look("shell: true\ncommand: \"echo '|' a=$((1+1)); exit $${DEADCALM_TEST_SECRET:+2}\"\n");
  CHECK(client_of(seen) == Client::ok);
}

TEST_CASE("exec check: statuses of a plugin") {
  using probes::exec::judge_plugin;
  CHECK(judge_plugin(ended(0, "OK - all well | time=0.1s;1;2")).client == Client::ok);
  CHECK(judge_plugin(ended(0)).detail.empty());
  const auto warning = judge_plugin(ended(1, "HTTP WARNING: slow|time=1.5s;1;3;0 size=10B;;;0"));
  CHECK(warning.client == Client::ok);
  CHECK(warning.detail == "WARNING: HTTP WARNING: slow; time=1.5s (warning 1)");
  const auto critical =
      judge_plugin(ended(2, "DISK CRITICAL\nlong text | '/ a'=95%;80;90 'b'=1;80;90\n/c=99%;80;90"));
  CHECK(critical.client == Client::fail);
  CHECK(critical.detail == "CRITICAL: DISK CRITICAL; / a=95% (critical 90), /c=99% (critical 90)");
  CHECK(judge_plugin(ended(3, "cannot tell")).client == Client::unknown);
  CHECK(judge_plugin(ended(3, "", "usage: ...")).detail == "UNKNOWN: usage: ...");
  CHECK(judge_plugin(ended(4)).client == Client::unknown);
  CHECK(judge_plugin(ended(255)).client == Client::unknown);
  runtime::CommandAnswer late;
  late.end = End::timed_out;
  CHECK(judge_plugin(late).client == Client::fail);
  late.end = End::not_started;
  CHECK(judge_plugin(late).client == Client::unknown);
}

TEST_CASE("plugins' performance data") {
  const auto output = parse_plugin_output(
      "PING OK - loss = 0%, RTA = 0.80 ms|rta=0.8ms;3000.0;5000.0;0.0 'it''s a=b'=-1.5e2;@1:2;~:10 u=U x=;; "
      "=1 c=7c");
  CHECK(output.text == "PING OK - loss = 0%, RTA = 0.80 ms");
  REQUIRE(output.measurements.size() == 3);
  CHECK(output.measurements[0].label == "rta");
  CHECK(output.measurements[0].value == 0.8);
  CHECK(output.measurements[0].unit == "ms");
  CHECK(output.measurements[0].critical == "5000.0");
  CHECK(output.measurements[1].label == "it's a=b");
  CHECK(output.measurements[1].value == -150);
  CHECK(output.measurements[1].warning == "@1:2");
  CHECK(output.measurements[2].unit == "c");
  for (const char* text :
       {"", "|", "||||", "'", "|'", "|'a", "|'a'", "|a=", "|=", "\n\n|x", "|a=nan b=inf"}) {
    INFO(text);
    CHECK(parse_plugin_output(text).measurements.empty());
  }
}

TEST_CASE("ranges of plugins") {
  struct Row {
    const char* range;
    double good, bad;
  };
  const Row rows[] = {{"10", 5, 11},     {"10", 0, -1},     {"10:", 10, 9},
                      {"~:10", -99, 11}, {"10:20", 15, 21}, {"@10:20", 9, 10}};
  for (const Row& row : rows) {
    const auto range = Range::parse(row.range);
    INFO(row.range);
    REQUIRE(range);
    CHECK_FALSE(range->alerts(row.good));
    CHECK(range->alerts(row.bad));
  }
  for (const char* text : {"", "a", "1:b", "a:1", "@", "1;2"}) CHECK_FALSE(Range::parse(text));
}

TEST_CASE("exec check: the newest token that is printed is what clients see") {
  ViewRig rig;
  const auto canary = rig.canary(7);
  const auto seen = rig.look("command: [echo, \"note: " + canary.token + "\"]\n");
  CHECK(client_of(seen) == Client::ok);
  const auto& newest = std::get<model::ViewLook>(seen.look).newest;
  REQUIRE(newest);
  CHECK(newest->seq == 7);
  CHECK(client_of(rig.look("command: [sleep, \"60\"]\n", 300ms)) == Client::fail);
}

TEST_CASE("faults of the exec keys, with their places") {
  struct Row {
    const char* yaml;
    const char* expected;
  };
  const Row rows[] = {
      {"plant: [/bin/true]\nread: [/bin/true]", "the command `remove:` is missing; like remove: ["},
      {"plant: [/no/such/program]\nread: [/bin/true]\nremove: [/bin/true]",
       "test.yaml:1:8: plant: there is no program /no/such/program; install it"},
      {"plant: [no-such-program]\nread: [/bin/true]\nremove: [/bin/true]",
       "there is no program no-such-program in PATH"},
      {"plant: [/etc/passwd]\nread: [/bin/true]\nremove: [/bin/true]", "there is no program /etc/passwd"},
      {"plant: \"/bin/true --now\"\nread: [/bin/true]\nremove: [/bin/true]",
       "a command is a list of words; like [/usr/bin/program, argument], or set `shell: true`"},
      {"shell: true\nplant: [a, b]\nread: \"true\"\nremove: \"true\"",
       "with `shell: true` a command is one text"},
      {"shell: true\nplant: \"echo ${canary.token}\"\nread: \"true\"\nremove: \"true\"", "canary.token"},
      {"plant: [/bin/true]\nread: [/bin/true]\nremove: [/bin/true]\nenviroment: { A: b }",
       "did you mean \"environment\"?"},
  };
  for (const Row& row : rows) {
    const std::string text = tests::faults_of("exec", row.yaml, config::process_environment());
    INFO(row.yaml << "\n" << text);
    CHECK(text.find(row.expected) != std::string::npos);
  }
}
