// Why a pidfd and not SIGCHLD: the program has other children (none of its own choosing: libraries), and a
// signal tells neither whose it is nor how often. Why the group is killed before the leader is reaped: until
// then its id cannot be given to anybody else.
#include "runtime/command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <cstring>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot that C++ includes it too
}

namespace deadcalm::runtime {
namespace {

using namespace net::experimental::awaitable_operators;
using Descriptor = net::posix::stream_descriptor;

constexpr model::Millis kGrace{1'000};  // between SIGTERM and SIGKILL, at most
constexpr model::Millis kLetGo{1'000};  // for the kernel, after SIGKILL

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct Output {
  Descriptor descriptor;
  std::string& text;
  std::size_t limit;
  bool& truncated;

  void take(const char* bytes, std::size_t size) {
    const std::size_t room = limit - std::min(limit, text.size());
    text.append(bytes, std::min(room, size));
    truncated = truncated || size > room;
  }
};

// Reads to the end of the stream, which may be long after the program's own: its children can hold it open.
net::awaitable<void> read_on(Output& output) {
  std::array<char, 4096> chunk{};
  boost::system::error_code ec;
  while (!ec) {
    const auto buffer = net::buffer(chunk);
    const std::size_t size =
        co_await output.descriptor.async_read_some(buffer, net::redirect_error(net::use_awaitable, ec));
    output.take(chunk.data(), size);
  }
}

// What is there already, without waiting.
void read_rest(Output& output) {
  std::array<char, 4096> chunk{};
  output.descriptor.non_blocking(true);
  boost::system::error_code ec;
  while (true) {
    const std::size_t size = output.descriptor.read_some(net::buffer(chunk), ec);
    if (ec) return;
    output.take(chunk.data(), size);
  }
}

int spawn(CommandRequest& request, int out, int err, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, err, 2);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD}) sigaddset(&signals, number);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  std::vector<char*> arguments = pointers(request.words);
  std::vector<char*> environment = pointers(request.environment);
  const int error = posix_spawn(&pid, request.words.at(0).c_str(), &files, &attributes, arguments.data(),
                                environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

void close_all(std::initializer_list<int> descriptors) {
  for (const int descriptor : descriptors) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

bool is_want(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
}

}  // namespace

// A started program, until it is reaped.
class CommandRunner::Child {
 public:
  // `pidfd` becomes this one's own.
  Child(CommandRunner& runner, pid_t pid, int pidfd)
      : runner_(runner), pid_(pid), watch_(runner.executor_, pidfd) {}
  ~Child() {
    if (pid_ < 0) return;
    signal(SIGKILL);
    runner_.late_.push_back(pid_);
    runner_.reap_late_ones();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const { ::kill(-pid_, number); }

  net::awaitable<void> ended() {
    boost::system::error_code ignored;
    co_await watch_.async_wait(Descriptor::wait_read, net::redirect_error(net::use_awaitable, ignored));
  }

  // Once it has ended: takes what is left of its group along, and says how it ended.
  bool reap(CommandAnswer& answer) {
    signal(SIGKILL);
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
      return false;
    pid_ = -1;
    answer.end = info.si_code == CLD_EXITED ? CommandAnswer::End::exited : CommandAnswer::End::killed;
    answer.status = info.si_status;
    return true;
  }

 private:
  CommandRunner& runner_;
  pid_t pid_;
  Descriptor watch_;
};

CommandRunner::CommandRunner(Clock& clock, net::any_io_executor executor)
    : clock_(clock), executor_(std::move(executor)) {}

CommandRunner::~CommandRunner() {
  reap_late_ones();
}

void CommandRunner::reap_late_ones() {
  std::erase_if(late_, [](int pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

net::awaitable<CommandAnswer> CommandRunner::run(CommandRequest request, model::SteadyTime deadline) {
  reap_late_ones();
  CommandAnswer answer;
  std::array<int, 2> out{-1, -1};
  std::array<int, 2> err{-1, -1};
  pid_t pid = -1;
  int watch = -1;
  int error = ::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0 ? errno : 0;
  if (error == 0) error = spawn(request, out[1], err[1], pid);
  if (error == 0) watch = ::pidfd_open(pid, 0);
  if (error == 0 && watch < 0) {  // nobody could tell when it ends
    error = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  close_all({out[1], err[1]});
  if (error != 0) {
    close_all({out[0], err[0]});
    answer.message = request.words.at(0) + ": " + std::strerror(error);
    answer.own_fault = is_want(error);
    co_return answer;
  }
  Child child(*this, pid, watch);
  Output standard{Descriptor(executor_, out[0]), answer.out, request.max_output_bytes, answer.truncated};
  Output complaints{Descriptor(executor_, err[0]), answer.err, request.max_output_bytes, answer.truncated};

  const model::Millis left = deadline - clock_.now().steady;
  const model::SteadyTime be_asked = deadline - std::min(kGrace, left / 10);
  const auto first =
      co_await (child.ended() || (read_on(standard) && read_on(complaints)) || clock_.sleep_until(be_asked));
  bool in_time = first.index() == 0;
  if (first.index() == 1) {  // it may close its output and go on
    const auto then = co_await (child.ended() || clock_.sleep_until(be_asked));
    in_time = then.index() == 0;
  }
  if (!in_time) {
    child.signal(SIGTERM);
    const auto asked = co_await (child.ended() || clock_.sleep_until(deadline));
    if (asked.index() == 1) {
      child.signal(SIGKILL);
      const model::SteadyTime let_go = deadline + kLetGo;
      co_await (child.ended() || clock_.sleep_until(let_go));
    }
  }
  child.reap(answer);
  read_rest(standard);
  read_rest(complaints);
  if (!in_time) answer.end = CommandAnswer::End::timed_out;
  co_return answer;
}

}  // namespace deadcalm::runtime
