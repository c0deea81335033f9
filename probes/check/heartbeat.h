#pragma once
// `check: heartbeat`: a job tells us that it lives, and its silence is the failure. The board keeps what jobs
// told; the monitor puts it there (durably first), the check reads it.
#include <map>
#include <string>

#include "config/reader.h"
#include "model/heartbeat.h"
#include "probes/view/view.h"

namespace deadcalm::probes::check {

using model::HeartbeatState;

// Loop thread only.
class HeartbeatBoard {
 public:
  void expect(const std::string& name) { states_.try_emplace(name); }
  bool expects(const std::string& name) const { return states_.contains(name); }
  // The name must be expected.
  HeartbeatState& at(const std::string& name) { return states_.at(name); }
  const std::map<std::string, HeartbeatState>& all() const { return states_; }

 private:
  std::map<std::string, HeartbeatState> states_;
};

struct HeartbeatOptions {
  model::Millis every{0};    // between two good ends
  model::Millis grace{0};    // how much later one may come
  model::Millis longest{0};  // of one run, from its start; 0: not watched
};

// Pure. `detail` is empty when all is well; `known` is false before the job has ever told anything.
struct HeartbeatJudgement {
  bool known = true;
  std::string step, detail;
};
HeartbeatJudgement judge(const HeartbeatState& state, const HeartbeatOptions& options, model::WallTime now);

ViewPath decode_heartbeat(config::Reader& reader);

class HeartbeatCheck final : public View {
 public:
  HeartbeatCheck(ViewPlace place, HeartbeatOptions options, const ViewDeps& deps);

  net::awaitable<model::Observation> look() override;
  const std::string& name() const override { return place_.probe; }

 private:
  ViewPlace place_;
  HeartbeatOptions options_;
  runtime::Clock& clock_;
  HeartbeatBoard* board_;
};

}  // namespace deadcalm::probes::check
