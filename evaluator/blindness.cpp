#include "evaluator/blindness.h"

#include <algorithm>

namespace deadcalm::evaluator {
namespace {

template <class Visit>
void for_each_streaks(ServiceState& state, Visit visit) {
  for (WriteState& write : state.writes) visit(write.streaks);
  for (ViewState& view : state.views) visit(view.streaks);
  visit(state.traffic.streaks);
}

void delay(std::optional<Instant>& since, Millis by) {
  if (since) since->steady += by;
}

}  // namespace

void freeze(ServiceState& state, SteadyTime now) {
  if (state.frozen_since) return;
  state.frozen_since = now;
  for_each_streaks(state, [](Streaks& streaks) { streaks.waiting.clear(); });
}

void thaw(ServiceState& state, SteadyTime since, SteadyTime now) {
  if (!state.frozen_since) return;
  const Millis blind = std::max(Millis{}, now - *state.frozen_since);
  state.frozen_since.reset();
  state.fresh_after = std::max(state.fresh_after, since);
  for_each_streaks(state, [&](Streaks& streaks) {
    for (Streak* streak : {&streaks.loss, &streaks.hard, &streaks.soft, &streaks.impaired}) streak->thaw(now);
    if (streaks.last_look) streaks.last_look = std::max(*streaks.last_look, since);
  });
  for (WriteState& write : state.writes) write.answered_since.reset();  // we did not see who answered
  delay(state.behind_since, blind);
  delay(state.beacons_high_since, blind);
  if (state.incident) {
    state.incident->well.thaw(now);
    state.incident->calm.thaw(now);
    state.incident->next_since += blind;
  }
  state.unknown_since.reset();
}

}  // namespace deadcalm::evaluator
