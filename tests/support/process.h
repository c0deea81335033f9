#pragma once
// Real servers for the integration tests: started on loopback and free ports, ended by their own pid.
#include <string>
#include <vector>

#include "model/time.h"

namespace deadcalm::tests {

// A port nobody listens on right now.
std::uint16_t free_port();

// Waits until `port` of 127.0.0.1 accepts connections; false after the limit.
bool wait_for_port(std::uint16_t port, model::Millis limit = std::chrono::seconds{20});

// Runs a command to its end; its exit status. Output goes to `log_file` (empty: nowhere).
int run_command(const std::vector<std::string>& words, const std::string& log_file = "");

// A child process; killed (its whole group) when this dies.
class Process {
 public:
  Process() = default;
  // Throws std::runtime_error when it cannot be started. The first word is the program, found in PATH.
  Process(const std::vector<std::string>& words, const std::string& log_file);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  bool running();
  int pid() const { return pid_; }
  void signal(int number);
  // Waits for its end; the exit status, or 128 + the signal that ended it.
  int wait();
  void kill();  // SIGKILL, and waits

 private:
  int pid_ = -1;
};

}  // namespace deadcalm::tests
