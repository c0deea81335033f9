// Programs run beside the loop: real ones, since the kernel is the other side of every promise here.
#include "runtime/command.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>

#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using namespace std::chrono_literals;
using End = runtime::CommandAnswer::End;

namespace {

struct Rig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::CommandRunner runner{clock, io.get_executor()};

  runtime::CommandAnswer run(runtime::CommandRequest request, model::Millis limit = 5s) {
    return tests::run_task(io, runner.run(std::move(request), clock.now().steady + limit));
  }
  runtime::CommandAnswer shell(const std::string& script, model::Millis limit = 5s) {
    return run({{"/bin/sh", "-c", script}, {"GREETING=hello"}}, limit);
  }
};

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD;
}

bool is_alive(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(status, text);
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

int number_in(const std::string& file) {
  int number = 0;
  std::ifstream(file) >> number;
  return number;
}

}  // namespace

TEST_CASE("a program's output and status") {
  Rig rig;
  const auto answer = rig.shell("echo \"$GREETING\"; echo oops >&2; exit 3");
  CHECK(answer.end == End::exited);
  CHECK(answer.status == 3);
  CHECK(answer.out == "hello\n");
  CHECK(answer.err == "oops\n");
  CHECK_FALSE(answer.truncated);
  CHECK_FALSE(has_children());
}

TEST_CASE("a program gets its words as they are, and nothing of ours") {
  Rig rig;
  ::setenv("DEADCALM_TEST_SECRET", "s3cret", 1);
  const auto answer = rig.run({{"/usr/bin/printf", "%s|", "a b", "$HOME", "; rm x"}, {}});
  CHECK(answer.out == "a b|$HOME|; rm x|");
  const auto environment = rig.run({{"/usr/bin/env"}, {"ONLY=this"}});
  CHECK(environment.out == "ONLY=this\n");
  const auto open_files = rig.run({{"/bin/ls", "/proc/self/fd"}, {}});
  CHECK(open_files.out == "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST_CASE("output beyond the limit is dropped, and the program is not held up") {
  Rig rig;
  const auto answer = rig.run({{"/bin/sh", "-c", "head -c 1000000 /dev/zero; echo done >&2"}, {}, 1000});
  CHECK(answer.end == End::exited);
  CHECK(answer.status == 0);
  CHECK(answer.out.size() == 1000);
  CHECK(answer.truncated);
  CHECK(answer.err == "done\n");
}

TEST_CASE("what cannot be started says why") {
  Rig rig;
  const auto absent = rig.run({{"/no/such/program"}, {}});
  CHECK(absent.end == End::not_started);
  CHECK(absent.message == "/no/such/program: No such file or directory");
  CHECK_FALSE(absent.own_fault);
  CHECK(rig.run({{"/etc/passwd"}, {}}).message == "/etc/passwd: Permission denied");
}

TEST_CASE("want of descriptors is our own fault, at whatever step, and leaves nobody behind") {
  Rig rig;
  rig.shell("true");
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int next = ::dup(0);
  ::close(next);
  int started = 0;
  for (int spare = 0; spare < 40; ++spare) {
    const rlimit few{static_cast<rlim_t>(next + spare), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const auto answer = rig.shell("exit 5");
    ::setrlimit(RLIMIT_NOFILE, &before);
    INFO(spare << ' ' << answer.message);
    started += answer.end == End::exited && answer.status == 5;
    CHECK((answer.end == End::exited || answer.own_fault));
    CHECK_FALSE(has_children());
  }
  CHECK(started > 0);
  CHECK(started < 40);
  const int again = ::dup(0);
  ::close(again);
  CHECK(again == next);
}

TEST_CASE("a program killed by somebody") {
  Rig rig;
  const auto answer = rig.shell("kill -SEGV $$");
  CHECK(answer.end == End::killed);
  CHECK(answer.status == SIGSEGV);
}

TEST_CASE("a program that takes too long is asked to end, and what it says then is kept") {
  Rig rig;
  const auto answer = rig.shell("trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.05; done", 600ms);
  CHECK(answer.end == End::timed_out);
  CHECK(answer.out == "hi\nbye\n");
  CHECK_FALSE(has_children());
}

TEST_CASE("one that does not listen is killed with all its children, by the deadline") {
  Rig rig;
  const tests::TempDir dir;
  const auto begin = rig.clock.now().steady;
  const auto answer =
      rig.shell("trap '' TERM; sleep 60 & echo $! > " + dir.file("pid") + "; wait; sleep 60", 500ms);
  CHECK(rig.clock.now().steady - begin < 1500ms);
  CHECK(answer.end == End::timed_out);
  const int grandchild = number_in(dir.file("pid"));
  REQUIRE(grandchild > 0);
  for (int i = 0; i < 100 && is_alive(grandchild); ++i) tests::run_task(rig.io, rig.clock.sleep_for(10ms));
  CHECK_FALSE(is_alive(grandchild));
  CHECK_FALSE(has_children());
}

TEST_CASE("a child left behind neither holds up the answer nor lives on") {
  Rig rig;
  const tests::TempDir dir;
  const auto begin = rig.clock.now().steady;
  const auto answer = rig.shell("sleep 60 & echo $! > " + dir.file("pid") + "; echo ready");
  CHECK(rig.clock.now().steady - begin < 3s);
  CHECK(answer.end == End::exited);
  CHECK(answer.out == "ready\n");
  const int child = number_in(dir.file("pid"));
  REQUIRE(child > 0);
  for (int i = 0; i < 100 && is_alive(child); ++i) tests::run_task(rig.io, rig.clock.sleep_for(10ms));
  CHECK_FALSE(is_alive(child));
}

TEST_CASE("a program that closes its output is waited for") {
  Rig rig;
  const auto answer = rig.shell("echo out; exec >&- 2>&-; sleep 0.1; exit 7");
  CHECK(answer.end == End::exited);
  CHECK(answer.status == 7);
}

TEST_CASE("many at once, and none is left") {
  Rig rig;
  int done = 0;
  for (int i = 0; i < 30; ++i) {
    runtime::CommandRequest request{{"/bin/sh", "-c", "exit " + std::to_string(i)}, {}};
    net::co_spawn(
        rig.io, rig.runner.run(std::move(request), rig.clock.now().steady + 5s),
        [&done, i](std::exception_ptr, runtime::CommandAnswer answer) { done += answer.status == i; });
  }
  rig.io.run_for(10s);
  CHECK(done == 30);
  CHECK_FALSE(has_children());
}

TEST_CASE("a cancelled run kills its program") {
  Rig rig;
  const tests::TempDir dir;
  auto io = std::make_unique<net::io_context>();
  runtime::CommandRunner runner{rig.clock, io->get_executor()};
  {
    runtime::CommandRequest request{{"/bin/sh", "-c", "echo $$ > " + dir.file("pid") + "; exec sleep 60"},
                                    {}};
    net::co_spawn(*io, runner.run(std::move(request), rig.clock.now().steady + 60s),
                  [](std::exception_ptr, const runtime::CommandAnswer&) {});
    for (int i = 0; i < 200 && number_in(dir.file("pid")) == 0; ++i) io->run_for(10ms);
  }
  io.reset();  // the loop dies with the run under way, as at the end of the program
  const int pid = number_in(dir.file("pid"));
  REQUIRE(pid > 0);
  for (int i = 0; i < 100 && is_alive(pid); ++i) tests::run_task(rig.io, rig.clock.sleep_for(10ms));
  CHECK_FALSE(is_alive(pid));
}
