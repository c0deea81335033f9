#pragma once
// What a job tells of itself, and what we keep of it. All times are ours, never the job's.
#include <optional>

#include "model/time.h"

namespace deadcalm::model {

enum class Beat { ok, start, fail };

struct HeartbeatState {
  std::optional<WallTime> last_ok;
  std::optional<WallTime> started;  // a run that has not ended yet
  std::optional<WallTime> failed;   // after last_ok: it said so itself
  int exit_code = 0;                // with `failed`, when it was told

  void take(Beat beat, int code, WallTime now) {
    if (beat == Beat::start) {
      started = now;
    } else if (beat == Beat::ok) {
      *this = {};
      last_ok = now;
    } else {
      failed = now;
      started.reset();
      exit_code = code;
    }
  }
  friend bool operator==(const HeartbeatState&, const HeartbeatState&) = default;
};

}  // namespace deadcalm::model
