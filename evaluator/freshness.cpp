#include "evaluator/freshness.h"

#include <algorithm>

#include "evaluator/canaries.h"

namespace deadcalm::evaluator {
namespace {

using model::Age;
using model::Lag;

const SeenStream* seen_in(const ViewState& view, const std::string& stream) {
  const auto found = std::ranges::find(view.seen, stream, &SeenStream::stream);
  return found == view.seen.end() ? nullptr : &*found;
}

bool view_speaks(const Policy& policy, const ServiceState& state, std::size_t i, SteadyTime now) {
  const ViewState& view = state.views[i];
  return view.answered && speaks(state, view.looked, view.started, view.ended, policy.views[i].interval, now);
}

// We were writing, and somebody answered, for as long as the age is asked about.
bool plants_answered_for(const Policy& policy, const ServiceState& state, std::size_t i, Millis limit,
                         SteadyTime now) {
  const WriteState& write = state.writes[i];
  return !state.writes_paused && write.answered_since && *write.answered_since <= now - limit &&
         speaks(state, write.looked, write.started, write.ended, policy.writes[i].interval, now);
}

// Of one stream, through all views that have ever shown it and answer now.
std::optional<Age> age_of_stream(const Policy& policy, const ServiceState& state, std::size_t i,
                                 SteadyTime now) {
  std::optional<SteadyTime> newest;
  Millis limit{};
  for (std::size_t v = 0; v < state.views.size(); ++v) {
    const ViewState& view = state.views[v];
    if (!view_speaks(policy, state, v, now) || !view.newest_planted) continue;
    if (seen_in(view, policy.writes[i].stream) == nullptr) continue;
    newest = std::max(newest.value_or(*view.newest_planted), *view.newest_planted);
    limit = std::max(
        limit, stale_limit(policy, policy.writes[i], &policy.views[v], view.lifetime.value_or(Millis{})));
  }
  if (!newest) return std::nullopt;
  if (!plants_answered_for(policy, state, i, limit, now)) return Age::unknown;
  return now - *newest > limit ? Age::old : Age::fresh;
}

// One that is pushed to and has shown nothing of ours at all: whatever we write should have come.
bool waits_in_vain(const ViewState& view) {
  return view.listening_since.has_value() && view.seen.empty();
}

// Looks for an acknowledged canary of write path `i` that view `v` should have shown by now.
void look_for_unseen(const Policy& policy, const ServiceState& state, std::size_t i, std::size_t v,
                     SteadyTime now, LagReading& reading) {
  const ViewState& view = state.views[v];
  const SeenStream* seen = seen_in(view, policy.writes[i].stream);
  if (seen == nullptr && !waits_in_vain(view)) return;
  const Millis lifetime = view.lifetime.value_or(Millis{});
  const Millis limit = stale_limit(policy, policy.writes[i], &policy.views[v], lifetime);
  for (const PlantedCanary& canary : state.writes[i].canaries) {
    const bool shown = (seen != nullptr && canary.seq <= seen->seq) ||
                       (view.newest_planted && canary.planted <= *view.newest_planted) ||
                       (view.listening_since && canary.planted < *view.listening_since);
    if (!canary.acknowledged || shown) continue;
    const SteadyTime due = canary.planted + limit;
    if (due >= now) {
      reading.next_behind = std::min(reading.next_behind.value_or(due), due);
      return;
    }
    // A look from before the canary could be expected there proves nothing.
    if (view.started.steady < canary.planted + policy.writes[i].timeout + lifetime) return;
    if (reading.lag != Lag::behind) reading.view = v;
    reading.lag = Lag::behind;
    reading.since = std::min(reading.since.value_or(due), due);
    return;
  }
}

}  // namespace

bool speaks(const ServiceState& state, bool looked, Instant started, Instant ended, Millis interval,
            SteadyTime now) {
  return looked && started.steady >= state.fresh_after &&
         now - ended.steady <= kIntervalsUntilUnknown * interval;
}

Millis stale_limit(const Policy& policy, const WriteProbe& write, const ViewProbe* view, Millis lifetime) {
  if (policy.stale_after) return *policy.stale_after;
  Millis limit = write.interval + write.timeout + lifetime;
  if (view != nullptr) limit += view->interval + view->timeout;
  return limit;
}

Millis stale_limit(const Policy& policy, const ServiceState& state) {
  Millis limit = policy.stale_after.value_or(Millis{});
  for (const WriteProbe& write : policy.writes) {
    limit = std::max(limit, stale_limit(policy, write, nullptr, Millis{}));
    for (std::size_t v = 0; v < policy.views.size() && v < state.views.size(); ++v) {
      const Millis lifetime = state.views[v].lifetime.value_or(Millis{});
      limit = std::max(limit, stale_limit(policy, write, &policy.views[v], lifetime));
    }
  }
  if (limit > Millis{}) return limit;
  // Beacons or views alone: nothing of ours travels, so two rounds of looks are the best bound there is.
  for (const ViewProbe& view : policy.views) limit = std::max(limit, 2 * view.interval + view.timeout);
  if (policy.beacons) limit = std::max(limit, 2 * policy.beacons->interval);
  return limit;
}

void remember_token(const Policy& policy, const ServiceState& state, ViewState& view,
                    const model::SeenToken& token, Instant seen_at) {
  // Wall time counts only for canaries that are not on our list: other sites', or after a restart.
  const Millis by_wall = std::max(Millis{}, seen_at.wall - token.written);
  SteadyTime planted = seen_at.steady - by_wall;
  for (std::size_t i = 0; i < policy.writes.size(); ++i) {
    if (policy.writes[i].stream.empty() || policy.writes[i].stream != token.stream) continue;
    planted = planted_at(state.writes[i].canaries, token.seq).value_or(planted);
    auto seen = std::ranges::find(view.seen, token.stream, &SeenStream::stream);
    if (seen == view.seen.end()) {
      view.seen.push_back({token.stream, token.seq});
    } else {
      seen->seq = std::max(seen->seq, token.seq);
    }
  }
  view.newest_planted = std::max(view.newest_planted.value_or(planted), planted);
}

Age age_of(const Policy& policy, const ServiceState& state, SteadyTime now) {
  bool any_old = false, any_unknown = false, any_fresh = false;
  for (std::size_t i = 0; i < policy.writes.size(); ++i) {
    const auto age = age_of_stream(policy, state, i, now);
    any_old = any_old || age == Age::old;
    any_unknown = any_unknown || age == Age::unknown;
    any_fresh = any_fresh || age == Age::fresh;
  }
  if (any_old) return Age::old;
  return any_fresh && !any_unknown ? Age::fresh : Age::unknown;
}

LagReading lag_of(const Policy& policy, const ServiceState& state, SteadyTime now) {
  LagReading reading;
  bool measured = false, all_speak = true;
  for (std::size_t v = 0; v < state.views.size(); ++v) {
    if (state.views[v].seen.empty() && !waits_in_vain(state.views[v])) continue;  // not yet measuring
    measured = measured || !state.views[v].seen.empty();
    if (!view_speaks(policy, state, v, now)) {
      all_speak = false;
      continue;
    }
    for (std::size_t i = 0; i < policy.writes.size(); ++i) look_for_unseen(policy, state, i, v, now, reading);
  }
  if (reading.lag != Lag::behind && measured && all_speak) reading.lag = Lag::ok;
  return reading;
}

bool measures_freshness(const ServiceState& state) {
  return std::ranges::any_of(state.views,
                             [](const ViewState& view) { return !view.seen.empty() || waits_in_vain(view); });
}

std::optional<Millis> client_data_age(const Policy& policy, const ServiceState& state, SteadyTime now) {
  std::optional<SteadyTime> newest;
  for (std::size_t v = 0; v < state.views.size(); ++v) {
    const ViewState& view = state.views[v];
    if (!view.newest_planted || !view_speaks(policy, state, v, now)) continue;
    newest = std::max(newest.value_or(*view.newest_planted), *view.newest_planted);
  }
  if (!newest) return std::nullopt;
  return std::max(Millis{}, now - *newest);
}

}  // namespace deadcalm::evaluator
