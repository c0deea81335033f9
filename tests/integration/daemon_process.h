#pragma once
// The real program as a child process, watching a small API of this process; and what a person asks it.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/living_api.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

struct Said {
  int code = 0;  // exit status, or HTTP status; 0 where nobody answers
  std::string text;
  bool has(std::string_view words) const { return text.find(words) != std::string::npos; }
};

// True once `done` holds; false after the limit. For what happens in another process.
bool eventually(const std::function<bool()>& done, model::Millis limit = std::chrono::seconds{20});

// The exit status of a process that ends within the limit.
std::optional<int> ends_within(Process& process, model::Millis limit);

std::string contents(const std::string& file);
Said http(const std::string& url, const std::string& form = "");  // a form makes it a POST

// Runs a program to its end, with what it wrote.
Said run_words(const std::vector<std::string>& words);

// One site: a service "orders" over the living API, told to the living receiver.
class Site {
 public:
  Site();

  std::string yaml() const;
  void write_config(const std::string& text) const;
  std::string config() const { return dir.file("deadcalm.yaml"); }
  std::string store() const { return dir.file("deadcalm.db"); }
  std::string log() const { return contents(dir.file("log")); }

  void launch(const std::string& shell = "");  // `shell` runs before, in the same process
  void start();                                // and waits until orders is healthy and seen
  Said get(const std::string& path) const;
  Said deadcalm(std::vector<std::string> words) const;  // a command of the program, with this configuration
  // The value of one series on /metrics, as it stands there; nullopt when it is absent.
  std::optional<double> metric(const std::string& series) const;
  bool is(const std::string& verdict) const;
  std::size_t records() {
    return api.ask([](CanaryApi& a) { return a.notes.size(); });
  }
  std::size_t plants() {
    return api.ask([](CanaryApi& a) { return static_cast<std::size_t>(a.next_id); });
  }

  TempDir dir;
  LivingApi api;
  LivingReceiver receiver;
  std::uint16_t port = free_port();
  Process process;
};

}  // namespace deadcalm::tests
