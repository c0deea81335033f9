#pragma once
// Collects everything that is wrong with a configuration, so that a user mends it in one go.
//   deadcalm.yaml:12:7: services[0].write[0].intervall: unknown key; did you mean "interval"?
//         intervall: 60s
//         ^
// A warning has "warning: " after the place. Nothing here throws on user input.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/source.h"

namespace deadcalm::config {

struct Fault {
  Mark mark;
  std::string path;  // empty: the file as a whole
  std::string message;
  bool warning = false;
  friend bool operator==(const Fault&, const Fault&) = default;
};

class Faults {
 public:
  explicit Faults(std::shared_ptr<const Source> source);

  // `hint` says how to mend it and follows the message after "; ".
  void add(Mark mark, std::string path, std::string message, std::string_view hint = {});
  void add(const Node& at, std::string message, std::string_view hint = {});
  void warn(Mark mark, std::string path, std::string message, std::string_view hint = {});
  void warn(const Node& at, std::string message, std::string_view hint = {});

  // From now on `secret` is shown as *** in messages and source lines.
  void hide(std::string secret);

  bool any() const { return errors_ > 0; }  // a fault, not only warnings
  bool fault_at(Mark mark, std::string_view path) const;

  const std::shared_ptr<const Source>& source() const { return source_; }

  // In the order of the file; a fault found twice is listed once.
  const std::vector<Fault>& list() const { return faults_; }

  // As shown above, one after the other; the first 100, then how many more.
  std::string text() const;

 private:
  void keep(Mark mark, std::string path, std::string message, std::string_view hint, bool warning);
  std::string rendered(const Fault& fault) const;
  std::string masked(std::string text) const;

  std::shared_ptr<const Source> source_;
  std::vector<Fault> faults_;  // sorted by mark
  std::vector<std::string> hidden_;
  std::size_t errors_ = 0;   // all that were added, also those not kept
  std::size_t dropped_ = 0;  // not kept: there were too many
};

// `did you mean "interval"?`, or empty if no word is close.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& words);

}  // namespace deadcalm::config
