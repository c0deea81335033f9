#pragma once
// A business record that a user names: one more sentinel, which we neither plant nor remove.
#include <memory>
#include <string>

#include "model/time.h"
#include "runtime/net.h"

namespace deadcalm::probes {

enum class KnownState {
  good,
  gone,     // absent, altered, or fewer than there should be
  unknown,  // nobody who can say answered
};

struct KnownAnswer {
  KnownState state = KnownState::unknown;
  std::string detail;   // "select count(*) from orders is 12, expected at least 100000"
  bool proved = false;  // the one who answered knows us: gone means gone, and not hidden from us
};

// Loop thread only, one look at a time. Never throws for what the target does, and ends by the deadline.
class KnownRecord {
 public:
  virtual ~KnownRecord() = default;
  virtual net::awaitable<KnownAnswer> look(model::SteadyTime deadline) = 0;
  // What is asked, on one line, without secrets. Also its identity: another text is another record.
  virtual std::string describe() const = 0;
};

}  // namespace deadcalm::probes
