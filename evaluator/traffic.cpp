#include "evaluator/traffic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluator/looks.h"
#include "evaluator/silence.h"

namespace deadcalm::evaluator {
namespace {

constexpr double kHourMillis = 3'600'000;
constexpr double kHoursAYear = 8'760;
constexpr double kAnyCommit = 0.5;      // fewer are an extrapolation's dust
constexpr double kWindowsOfDoubt = 20;  // deviations are believed once there are many more than this
constexpr double kWindowsRemembered = 10'000;

double total(const std::array<double, 168>& hours) {
  return std::accumulate(hours.begin(), hours.end(), 0.0);
}

// Calls visit(hour of the week, hours within it) for every piece between two moments.
template <class Visit>
void each_hour(WallTime from, WallTime to, Visit visit) {
  constexpr double thursday = 3 * 24;  // 1970-01-01
  double at = static_cast<double>(model::unix_millis(from)) / kHourMillis;
  const double end = static_cast<double>(model::unix_millis(to)) / kHourMillis;
  while (at < end) {
    const double next = std::min(std::floor(at) + 1, end);
    visit(static_cast<std::size_t>(std::fmod(std::floor(at) + thursday, 168)), next - at);
    at = next;
  }
}

// How much wider commits scatter than single ones at random would: 1, or more where they come in bunches.
double scatter(const TrafficHistory& h) {
  return std::max(1.0, (h.surprise + kWindowsOfDoubt) / (h.windows + kWindowsOfDoubt));
}

void note_scatter(TrafficHistory& h, WallTime from, WallTime to, double commits) {
  double expected = 0, known = 0, all = 0;
  each_hour(from, to, [&](std::size_t hour, double part) {
    all += part;
    if (h.hours[hour] < 1) return;
    known += part;
    expected += part * h.commits[hour] / h.hours[hour];
  });
  if (known < all || expected < kAnyCommit) return;
  h.surprise += (commits - expected) * (commits - expected) / expected;
  h.windows += 1;
  if (h.windows <= kWindowsRemembered) return;
  h.surprise /= 2;
  h.windows /= 2;
}

void learn_window(TrafficHistory& h, WallTime from, WallTime to, double commits) {
  if (to <= from) return;
  note_scatter(h, from, to, commits);
  const double length = static_cast<double>((to - from).count()) / kHourMillis;
  each_hour(from, to, [&](std::size_t hour, double part) {
    h.commits[hour] += commits * part / length;
    h.hours[hour] += part;
    if (h.hours[hour] <= kHoursRemembered) return;
    h.commits[hour] *= kHoursRemembered / h.hours[hour];
    h.hours[hour] = kHoursRemembered;
  });
}

// Nothing of what is remembered lies in the future, also when the clock was set back.
void follow_clock(TrafficHistory& h, const Count& count) {
  h.began = std::min(h.began.value_or(count.from.wall), count.from.wall);
  if (h.learnt_until) h.learnt_until = std::min(*h.learnt_until, count.to.wall);
  if (h.counted_until) h.counted_until = std::min(*h.counted_until, count.to.wall);
}

// Windows overlap, since looks come more often; each moment is learnt once. After a silence only what came
// since its last count is left of the window.
void learn(TrafficHistory& h, const Count& count) {
  WallTime from = count.from.wall;
  const WallTime done = h.learnt_until.value_or(from);
  if (h.silent_since) {
    const WallTime silent_until = h.counted_until.value_or(from);
    if (!h.told) learn_window(h, std::max(*h.silent_since, done), silent_until, 0);
    from = std::max(from, silent_until);
  } else if (from < done) {
    return;
  }
  learn_window(h, from, count.to.wall, count.commits);
  h.learnt_until = count.to.wall;
}

void follow_silence(TrafficHistory& h, const Count& count) {
  if (count.commits >= kAnyCommit) {
    h.silent_since.reset();
    h.told = false;
    return;
  }
  // A hole between two counts may have held commits.
  const bool goes_on = h.silent_since && h.counted_until && count.from.wall <= *h.counted_until;
  h.silent_since = goes_on ? std::min(*h.silent_since, count.from.wall) : count.from.wall;
}

bool enough_history(const TrafficHistory& h, WallTime now) {
  return h.began && now - *h.began >= kHistoryNeeded && total(h.commits) >= kFewestEvents;
}

double expected_between(const TrafficHistory& h, WallTime from, WallTime to) {
  double expected = 0;
  each_hour(from, to, [&](std::size_t hour, double part) {
    if (h.hours[hour] > 0) expected += part * h.commits[hour] / h.hours[hour];
  });
  return expected;
}

}  // namespace

std::optional<Instant> failing_since(const Policy& policy, const ServiceState& state) {
  std::optional<Instant> latest;
  for (std::size_t i = 0; i < state.writes.size() && i < policy.writes.size(); ++i) {
    const std::optional<Instant>& since = state.writes[i].failing_since;
    if (state.writes[i].armed && since && (!latest || since->steady > latest->steady)) latest = since;
  }
  return latest;
}

std::optional<Millis> window_to_count(Millis usual, std::optional<Instant> failing_since, Instant now) {
  Millis window = usual;
  if (failing_since) window = std::min(window, now.steady - failing_since->steady);
  window = std::chrono::floor<std::chrono::seconds>(window);
  if (window < kShortestWindow) return std::nullopt;
  return window;
}

bool learns(const Policy& policy, const ServiceState& state) {
  if (state.incident || state.frozen_since || state.writes_paused) return false;
  return std::ranges::none_of(state.writes, &WriteState::armed) || !failing_since(policy, state);
}

model::TrafficLook judge_count(const Policy& policy, TrafficHistory& history, const Count& count,
                               bool failing, bool learn_it) {
  TrafficHistory& h = history;
  follow_clock(h, count);
  const bool any = count.commits >= kAnyCommit;
  if (any && learn_it) learn(h, count);
  if (!learn_it) h.learnt_until = count.to.wall;
  follow_silence(h, count);
  h.counted_until = count.to.wall;

  model::TrafficLook look;
  look.observed = count.commits;
  look.window_start = count.from;
  look.expected = expected_between(h, count.from.wall, count.to.wall);
  if (any) {
    const bool proves = !failing || count.commits >= kFewestCommits;
    look.traffic = proves ? model::Traffic::active : model::Traffic::unknown;
    return look;
  }
  const WallTime since = h.silent_since.value_or(count.from.wall);
  if (!enough_history(h, count.to.wall)) return look;
  look.surprise = surprise_of_silence(h, since, count.to.wall);
  if (look.surprise < surprise_needed(policy, h)) return look;
  h.told = true;
  look.traffic = model::Traffic::silent;
  look.expected = look.surprise;
  look.window_start = count.to + -(count.to.wall - since);
  return look;
}

double surprise_of_silence(const TrafficHistory& h, WallTime from, WallTime to) {
  std::array<double, 168> silent{};
  each_hour(from, to, [&](std::size_t hour, double part) { silent[hour] += part; });
  double surprise = 0;
  for (std::size_t hour = 0; hour < silent.size(); ++hour) {
    if (silent[hour] == 0 || h.hours[hour] == 0) continue;
    surprise -= std::log(learnt_chance(h.commits[hour] / scatter(h), h.hours[hour], silent[hour]));
  }
  return surprise;
}

double surprise_needed(const Policy& policy, const TrafficHistory& h) {
  const bool pages = policy.on_silence_page;
  const double rate = total(h.commits) / std::max(1.0, total(h.hours));
  const double years = pages ? 10 : 1;
  // False alarms come e^surprise commits apart (Poisson): often, where commits are many.
  return std::max(expected_for(pages ? kPageSilence : kNotifySilence), std::log(years * kHoursAYear * rate));
}

}  // namespace deadcalm::evaluator
