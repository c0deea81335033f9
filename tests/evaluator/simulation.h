#pragma once
// A loop that looks at a service as monitor does: on schedule, and as the evaluator wishes. Time is
// simulated; what a look sees is asked of `world` with the instant at which it started.
#include <functional>

#include "tests/evaluator/story.h"

namespace deadcalm::evaluator::testing {

struct SeenByWrite {
  model::WriteLook look;
  Millis took{100};
};

class Simulation {
 public:
  using World = std::function<SeenByWrite(Millis since_start)>;

  Simulation(const Policy& policy, World given, Millis first_look)
      : story(policy), world(std::move(given)), regular_(kStart.steady + first_look) {}

  Story story;
  World world;

  // Runs until a page about the service is told or the time is over. When it was told, since the start.
  std::optional<Millis> run_until_page(Millis limit) {
    const SteadyTime end = kStart.steady + limit;
    while (true) {
      const SteadyTime next = next_look();
      if (wake_before(std::min(next, end))) return page_;
      if (next > end) return std::nullopt;
      move_to(next);
      look();
      if (page_) return page_;
    }
  }

 private:
  SteadyTime next_look() const {
    return std::max(rechecking() ? *story.wishes.recheck_at : regular_, busy_until_);
  }

  bool rechecking() const { return !story.wishes.recheck.empty(); }

  bool wake_before(SteadyTime limit) {
    for (int guard = 0; story.wishes.wake_at && *story.wishes.wake_at < limit; ++guard) {
      if (guard > 1000 || *story.wishes.wake_at < story.now.steady) std::abort();  // it would never sleep
      move_to(*story.wishes.wake_at);
      story.wake();
      if (note_page(story.now)) return true;
    }
    return false;
  }

  void look() {
    const SeenByWrite seen = world(story.now.steady - kStart.steady);
    while (regular_ <= story.now.steady) regular_ += story.policy.writes[0].interval;
    if (rechecking()) story.anchor();  // beside every recheck; a scheduled look relies on the wish
    story.write(seen.look, seen.took);
    const Instant ended = story.now + seen.took;
    note_page(ended);
    const Instant began = story.now;
    busy_until_ = ended.steady;
    if (story.wishes.anchor_look) {
      story.now = ended;
      story.anchor();
      note_page(story.now + 50ms);
      story.now = began;
    }
  }

  void move_to(SteadyTime at) { story.now = story.now + std::max(Millis{}, at - story.now.steady); }

  bool note_page(Instant at) {
    for (const model::Transition& t : story.told) {
      if (!t.subject.own && t.alarm == model::Alarm::page && !page_) page_ = at.steady - kStart.steady;
    }
    return page_.has_value();
  }

  SteadyTime regular_;
  SteadyTime busy_until_{SteadyTime::min()};
  std::optional<Millis> page_;
};

}  // namespace deadcalm::evaluator::testing
