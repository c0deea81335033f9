#pragma once
// Where customers' commits are counted, independently of our own writes: commits, never attempts, and never
// our own canaries (docs/configuration.md, "traffic" shows how each source leaves them out).
#include <expected>
#include <string>
#include <vector>

#include "model/time.h"
#include "runtime/net.h"

namespace deadcalm::probes {

// What to count: the `window` that ends now.
struct CountWindow {
  model::WallTime since{};  // its start by our own clock
  model::Millis window{};   // whole seconds
};

// Commits, not negative; or why there is no number, for people ("HTTP 401", "NaN"). A missing number is
// unknown and never silence.
using Counted = std::expected<double, std::string>;

// Commits of one hour that is over.
struct CountedHour {
  model::WallTime begins{};
  double commits = 0;
};
using CountedHours = std::expected<std::vector<CountedHour>, std::string>;

// Loop thread only, one question at a time. Never throws for what the source does, and ends by the deadline.
class CountSource {
 public:
  virtual ~CountSource() = default;
  virtual net::awaitable<Counted> count(CountWindow window, model::SteadyTime deadline) = 0;
  // The hours of `back` before `now` as far as the source remembers them, oldest first, so that what is
  // usual need not be learnt from nothing. Empty where a source cannot tell.
  virtual net::awaitable<CountedHours> history(model::WallTime now, model::Millis back,
                                               model::SteadyTime deadline) = 0;
  // The question as it would be sent, without secrets.
  virtual std::string describe(const CountWindow& window) const = 0;
};

}  // namespace deadcalm::probes
