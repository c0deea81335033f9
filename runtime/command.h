#pragma once
// Programs of others, run beside the loop: started in a group of their own, read while they run, and gone
// with all their children when their time is over.
#include <cstdint>
#include <string>
#include <vector>

#include "model/time.h"
#include "runtime/clock.h"
#include "runtime/net.h"

namespace deadcalm::runtime {

struct CommandRequest {
  std::vector<std::string> words;           // the program's path (PATH is not searched) and its arguments
  std::vector<std::string> environment;     // "NAME=value"; all it gets, nothing of ours is passed on
  std::size_t max_output_bytes = 64 << 10;  // of each stream; the rest is read and dropped
};

struct CommandAnswer {
  enum class End {
    exited,       // `status` is its exit status
    killed,       // by somebody's signal `status`
    timed_out,    // by us: SIGTERM a little before the deadline, SIGKILL at it
    not_started,  // `message` says why
  };
  End end = End::not_started;
  int status = 0;
  bool own_fault = false;  // not started for want of descriptors, processes or memory
  std::string message;
  std::string out, err;
  bool truncated = false;
};

// Loop thread only; outlives every run. Whatever a program leaves running in its group is killed when it
// ends.
class CommandRunner {
 public:
  CommandRunner(Clock& clock, net::any_io_executor executor);
  ~CommandRunner();
  CommandRunner(const CommandRunner&) = delete;
  CommandRunner& operator=(const CommandRunner&) = delete;

  // Standard input is empty. Never throws but on cancellation, which kills the group. Ends by the deadline,
  // or as soon after as the kernel lets go of a killed process (a second at most).
  net::awaitable<CommandAnswer> run(CommandRequest request, model::SteadyTime deadline);

 private:
  class Child;

  void reap_late_ones();

  Clock& clock_;
  net::any_io_executor executor_;
  std::vector<int> late_;  // killed, and not yet let go of by the kernel
};

}  // namespace deadcalm::runtime
